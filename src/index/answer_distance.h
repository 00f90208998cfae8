#ifndef VECDB_INDEX_ANSWER_DISTANCE_H_
#define VECDB_INDEX_ANSWER_DISTANCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "codec/codec.h"
#include "index/poller.h"
#include "index/query_distance.h"
#include "index/row_codes.h"
#include "index/top_rows.h"
#include "index/vector_view.h"
#include "vecdb/context.h"

namespace vecdb::index {

/// Distances from one query to rows, as an answer gives them: those of the copies that an index
/// keeps for this, where it keeps any; else those of the rows, in memory or read from where they
/// lie. A row has the same distance in every call for the same query. Borrows all it is given. For
/// one thread at a time; used for query after query.
class AnswerDistance {
 public:
  /// `copies` may be null.
  AnswerDistance(const VectorView& view, Metric metric, const RowCodes* copies);

  /// `query` holds dim finite floats; it and `context` are borrowed until the last distance.
  void SetQuery(const float* query, const Context& context);

  /// Distances to the rows `ids[0..count)`; one above `bound` may be given as anything above
  /// `bound`. What reading the rows returns.
  absl::Status Gather(const uint32_t* ids, size_t count, float bound, float* out);

  /// Distances to `count` rows from `first` on.
  absl::Status Block(uint32_t first, size_t count, float* out);

  /// Begins to bring a row from memory.
  void Prefetch(uint32_t row) const;

  /// Whether every row is to be read from where it lies, which takes its time.
  bool reads_rows() const { return copies_ == nullptr && view_.rows == nullptr; }

 private:
  absl::Status ReadAndCompare(const uint32_t* ids, size_t count, float* out);
  void CompareCopies(const simd::CodeRows& rows, float* out);

  const VectorView view_;
  const Metric metric_;
  const RowCodes* const copies_;
  std::unique_ptr<codec::CodeDistance> copy_distance_;
  std::optional<QueryDistance> distance_;
  const float* query_ = nullptr;
  const Context* context_ = nullptr;
  std::vector<float> read_;   // rows that were read, and
  std::vector<float> norms_;  // their inverse norms
};

/// Offers candidates, which come in the order of their distances by code, by those in an answer: at
/// least the first `least`, then further ones until none of the others can come into the answer,
/// were its code off by twice as much as that of any candidate so far. Cancelled,
/// DeadlineExceeded, what reading the rows returns.
absl::Status RefineCandidates(std::span<const Candidate> candidates, size_t least,
                              AnswerDistance* distance, TopRows* top, Poller* poller);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_ANSWER_DISTANCE_H_
