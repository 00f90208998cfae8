#ifndef VECDB_INDEX_GROWING_HNSW_H_
#define VECDB_INDEX_GROWING_HNSW_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/reader_gate.h"
#include "codec/codec.h"
#include "index/vector_index.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// A graph over rows that are still being appended, so that fresh rows are searched as quickly as
/// sealed ones. Walked on float16 codes; distances in answers are those of the rows.
///
/// One thread at a time extends it; any number search it meanwhile. They wait for each other while
/// changed lists of links are copied, which takes well below a millisecond. A link leads to every
/// row, but, other than in an HnswIndex, groups of many equal rows may be cut off together.
class GrowingHnsw {
 public:
  /// `rows` reads rows that are there for good once a call of Extend has named their number.
  /// `params` give m, ef_construction and seed.
  GrowingHnsw(Metric metric, int32_t dim, const HnswParams& params,
              std::unique_ptr<const RowReader> rows, const Host& host);
  ~GrowingHnsw();

  /// Links rows up to `num_rows`, in batches on the threads of host.executor at background
  /// priority. An error leaves what was linked so far, which goes on being searched; a further call
  /// goes on from there. ResourceExhausted, Cancelled, DeadlineExceeded, what reading rows returns.
  absl::Status Extend(uint32_t num_rows, const Context& context);

  /// Finds min(k, rows in the mask and the limits) rows among the first n, and returns n: the
  /// caller compares rows n to query.mask.num_rows - 1. That is 0, where far fewer rows exist for
  /// the query than are linked. Of query.params `ef` alone is heeded. Replaces `out`. Cancelled,
  /// DeadlineExceeded, ResourceExhausted.
  absl::StatusOr<uint32_t> Search(const RowQuery& query, const Context& context,
                                  std::vector<Candidate>* out) const;

  /// Rows that are linked.
  uint32_t num_rows() const { return num_rows_.load(std::memory_order_acquire); }

  /// Memory held for links and codes, room for further rows included.
  uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

  const IndexSpec& spec() const { return spec_; }

 private:
  struct State;  // everything, for a capacity and a codec

  // The row with the greatest number, which float16 must hold.
  struct Greatest {
    uint32_t row = 0;
    float number = 0;
  };

  absl::Status MakeRoom(uint32_t begin, uint32_t end, uint32_t num_rows, const Context& context);
  absl::StatusOr<Greatest> FindGreatest(uint32_t begin, uint32_t end, const Context& context) const;
  absl::StatusOr<std::unique_ptr<codec::Codec>> LearnCodec(uint32_t num_rows, Greatest greatest,
                                                           const Context& context) const;
  absl::StatusOr<std::unique_ptr<State>> MakeState(uint32_t capacity,
                                                   std::unique_ptr<codec::Codec> codec) const;
  absl::Status CarryOver(State* to, const Context& context) const;
  absl::Status MakeLinker(State* to) const;
  absl::Status Encode(State* state, uint32_t begin, uint32_t end, const Context& context) const;
  absl::Status LinkBatch(uint32_t begin, uint32_t end, const Context& context);
  size_t LevelOf(uint32_t row) const;

  const IndexSpec spec_;
  const HnswParams params_;
  const int32_t dim_;
  const uint32_t level_base_;  // rows reach level l with probability level_base^-l
  const std::unique_ptr<const RowReader> rows_;
  const Host host_;
  mutable base::ReaderGate gate_;
  // Exchanged, and its lists changed, by Extend alone inside the gate; read by searches inside it.
  std::unique_ptr<State> state_;
  uint32_t num_upper_ = 0;                  // nodes of the upper levels; Extend only
  Greatest greatest_;                       // of the rows so far; Extend only
  std::atomic<uint32_t> num_rows_ = 0;      // changed inside the gate
  std::atomic<uint64_t> memory_bytes_ = 0;  // a figure only
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_GROWING_HNSW_H_
