#ifndef VECDB_SEGMENT_MERGE_H_
#define VECDB_SEGMENT_MERGE_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "segment/growing_segment.h"
#include "segment/sealed_segment.h"
#include "vecdb/segment.h"

namespace vecdb::segment {

/// Where the rows of a segment are in the one that it was merged into.
inline constexpr uint32_t kNoRow = std::numeric_limits<uint32_t>::max();  ///< it was left out
using RowMap = std::vector<uint32_t>;  ///< by number of the old row

/// Rows of several segments in memory, with the times at which they were written.
struct GatheredRows {
  std::unique_ptr<GrowingSegment> rows{};  ///< without their deletes
  std::vector<RowMap> maps{};              ///< for each segment
  uint64_t num_expired = 0;                ///< rows left out for nothing else than that
};

/// Which rows nobody needs any more.
struct NeedlessRows {
  uint64_t deleted_until = 0;   ///< at or before this time
  uint64_t written_before = 0;  ///< this time: they have expired
};

/// Reads the rows of `segments` (one at least, of one schema), oldest segment first, but for the
/// needless ones. Rows that are deleted meanwhile are there.
/// ResourceExhausted when they do not fit the budget, together with the vectors of one segment.
absl::StatusOr<GatheredRows> GatherRows(
    std::span<const std::shared_ptr<const SealedSegment>> segments, const NeedlessRows& needless,
    const Host& host, const Context& context);

/// Deletes in `merged` what is deleted in the segment that `map` is for, at the same times. May be
/// called again for later deletes.
void CarryDeletes(const base::DeleteTimes& deletes, const RowMap& map, base::DeleteTimes* merged);

/// Writes the rows of `segments` (one at least, of one schema) that were never deleted as one
/// segment below `folder`: oldest segment first, times kept, with the indexes that all of them have
/// in common. FailedPrecondition when no row is left.
absl::StatusOr<SegmentInfo> Merge(std::span<const std::shared_ptr<SealedSegment>> segments,
                                  std::shared_ptr<ObjectStore> store, const ObjectPath& folder,
                                  const Host& host, const Context& context);

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_MERGE_H_
