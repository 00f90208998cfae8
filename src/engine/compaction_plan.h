#ifndef VECDB_ENGINE_COMPACTION_PLAN_H_
#define VECDB_ENGINE_COMPACTION_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vecdb/collection.h"

namespace vecdb::engine {

/// What planning looks at of a flushed segment that can be read.
struct CompactionCandidate {
  std::string folder{};
  int32_t shard = 0;
  uint64_t num_rows = 0;
  uint64_t num_removable = 0;  ///< rows deleted or expired that no read needs any more
  uint64_t num_expired = 0;    ///< of those, the expired ones
  uint64_t row_bytes = 0;      ///< of the objects that rows lie in
  uint64_t delete_bytes = 0;   ///< of the object with its deletes, which each flush writes anew
};

struct CompactionLimits {
  uint64_t max_bytes = 0;            ///< CollectionOptions::segment_max_bytes
  uint64_t max_rows = 0;             ///< of one segment
  double space_amplification = 1.3;  ///< CollectionOptions::space_amplification
  bool thorough = false;             ///< CompactOptions::thorough
};

/// A shard is not flushed to, unless compaction fails, before it has fewer small segments.
inline constexpr size_t kMaxSmallSegments = 10;

/// Whether rows of so many bytes make a small segment.
bool IsSmall(uint64_t row_bytes, uint64_t max_bytes);

/// Segments of one shard that are to become one, or none when no row is left.
struct CompactionPlan {
  int32_t shard = 0;
  CompactionReason reason = CompactionReason::kSmallSegments;
  double urgency = 0;  ///< 0 to 1: what is gained
  std::vector<std::string> folders{};
};

/// Says which segments to compact: plans without a segment in common, the most urgent first. A
/// function of its arguments alone.
///
/// Size means bytes of rows that stay. A segment below half of max_bytes is small. Triggers are
/// those of Milvus 2.2, with what bounds the cost:
///
///   - Half of the rows can be removed; or a fifth of them, and those of the shard that can be
///     removed have come to 5/6 of what space_amplification allows: 25 % of those that stay, by
///     default. The segment with the largest share goes first, until the shard is below that.
///     At most 4 bytes are written per byte removed, and fewer the more segments there are.
///     (Milvus does not look at the shard: under steady churn it writes half as much again to keep
///     the shard at 1.1.) Where little space is allowed, a smaller share does.
///   - The delete object has more than 2 MB, and a twentieth of the rows can be removed: at most 19
///     bytes per byte removed. (Milvus counts objects, too; here a segment has one.)
///   - A fifth of the rows has expired, or 10 MB and a twentieth of them. (Milvus asks for no share
///     with the 10 MB, and may write a large segment for every fiftieth of it.)
///   - Small segments of a shard are merged, 3 to 30 of them, or 2 that make 0.85 of max_bytes or
///     to which no third fits, up to 1.25 of max_bytes; but only if the largest is no larger than
///     the others together, or three times that while more than 8 are small.
///
/// A segment that is rewritten takes along the small ones that are no larger and fit: their rows
/// are not merged on their own first.
///
/// So each merge makes the segment in which a byte lies twice as large, and 4/3 times while there
/// are more than 8. With flushes of size s a byte is written by merges at most
/// log2(1.25 max_bytes / s) times, and log4/3 of it in the worst case. Small segments of a shard
/// that nothing merges are at most 11, since each would have to be more than three times all
/// smaller ones together; sizes below max_bytes / 2^20 count as that.
std::vector<CompactionPlan> PlanCompactions(std::span<const CompactionCandidate> segments,
                                            const CompactionLimits& limits);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COMPACTION_PLAN_H_
