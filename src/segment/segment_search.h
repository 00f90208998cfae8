#ifndef VECDB_SEGMENT_SEGMENT_SEARCH_H_
#define VECDB_SEGMENT_SEGMENT_SEARCH_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "index/row_limits.h"
#include "index/search_counts.h"
#include "index/vector_view.h"
#include "schema/key.h"
#include "segment/growing_segment.h"
#include "segment/sealed_segment.h"
#include "vecdb/context.h"
#include "vecdb/index_spec.h"

namespace vecdb::segment {

/// One query of one segment. Borrows everything.
struct SegmentSearch {
  size_t column = 0;  ///< a vector column
  const float* query = nullptr;
  uint32_t k = 10;
  Metric metric = Metric::kL2;
  SearchParams params{};
  const uint64_t* allowed = nullptr;  ///< bitmap of all rows; nullptr allows all
  /// How many bits of `allowed` are set, when that is known.
  std::optional<uint64_t> num_allowed{};
  index::RowLimits range{};  ///< of distances; its position is not used
  bool exact = false;        ///< compare rows one by one, whatever the index
  /// With `exact`: only rows behind this distance and key.
  std::optional<std::pair<float, schema::Key>> after{};
  uint64_t as_of = 0;
  uint64_t alive_from = 0;                ///< rows that were written before have expired
  index::SearchCounts* counts = nullptr;  ///< filled in when given
};

/// Finds min(k, rows allowed and alive) rows: nearest first, equal distances by key. Replaces
/// `out`. Growing rows are compared one by one, but for those in an interim index of this metric; a
/// sealed segment uses its index when `resident` has one. Distances of growing rows are exact.
absl::Status SearchGrowing(const GrowingSegment& segment, const SegmentSearch& search,
                           const Context& context, std::vector<index::Candidate>* out);
absl::Status SearchSealed(const SealedSegment& segment, const Resident& resident,
                          const SegmentSearch& search, const Context& context,
                          std::vector<index::Candidate>* out);

/// Answers several searches, at least one, as SearchSealed would each; out[i] is that of
/// searches[i]. They differ in `query` and `counts` alone. What they read in common is read once.
absl::Status SearchSealedBatch(const SealedSegment& segment, const Resident& resident,
                               std::span<const SegmentSearch> searches, const Context& context,
                               std::span<std::vector<index::Candidate>> out);

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_SEGMENT_SEARCH_H_
