#ifndef VECDB_ENGINE_COMPACTOR_H_
#define VECDB_ENGINE_COMPACTOR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "engine/compaction_plan.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// The flushed segments that can be compacted: those that are read from their objects, without
/// damage. Unless `thorough`, a few deletes count as none. Waits for the maintenance gate.
absl::StatusOr<std::vector<CompactionCandidate>> FindCandidates(CollectionCore* core, bool thorough,
                                                                const Context& context);

/// Whether a shard has kMaxSmallSegments or more.
bool HasManySmall(const CollectionCore& core);

/// What planning for this collection keeps to.
CompactionLimits LimitsOf(const CollectionCore& core, bool thorough);

/// What one compaction did.
struct CompactionOutcome {
  std::string target{};  ///< the id of the new segment; "" when no row was left
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
};

/// Puts one segment in the place of those of `plan`:
///
///   1. read the rows that stay: all but those whose delete is flushed and older than any state
///      that AsOf may ask for, and those that had expired by then;
///   2. write them under a fresh name;
///   3. build the indexes that are defined, and load what searches read;
///   4. under the maintenance gate, write the deletes up to the flushed timestamp, and commit a
///      manifest with the new segment instead of the others;
///   5. under the write gate, so that no writer is between, carry later deletes over and let
///   readers
///      see the new segment. Those that read the old ones go on.
///
/// Before 4 nothing that anybody reads has changed; what was written by then is removed again.
/// Aborted when the segments have gone, or indexes are defined faster than they are built;
/// FailedPrecondition when the collection takes no writes; otherwise the errors of the store and of
/// the budget. One at a time per collection.
absl::StatusOr<CompactionOutcome> RunCompaction(CollectionCore* core, const CompactionPlan& plan,
                                                const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COMPACTOR_H_
