#ifndef VECDB_ENGINE_LOAD_RUN_H_
#define VECDB_ENGINE_LOAD_RUN_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "engine/collection_core.h"
#include "engine/load_task.h"
#include "vecdb/context.h"
#include "vecdb/load.h"

namespace vecdb::engine {

/// Whether a load with these options can be done now. NotFound, InvalidArgument for fields and
/// shards that are none; FailedPrecondition when a field, or every one, lacks its index.
absl::Status CheckLoadOptions(const CollectionCore& core, const View& view,
                              const LoadOptions& options);

/// What is loaded once `options` are, besides what `view` has. Every shard by name is none.
LoadOptions AddToLoaded(const CollectionCore& core, const View& view, const LoadOptions& options);

/// Does a load, from where an earlier run of it stopped:
///
///   1. without a gate, so that writes and flushes go on, reads what the segments of now need, and
///   those that have come meanwhile, a few times over;
///   2. under the maintenance gate, reads what is still missing and shows everything to readers
///   with one change of the view.
///
/// A segment that is damaged is told to the log, and searches of it are DataLoss. After an error
/// nothing is shown; what was read stays in the task, for a further run.
absl::Status RunLoad(CollectionCore* core, LoadTask* task, const Context& context);

/// The second part alone, for who holds the maintenance gate or has a collection that nobody uses.
absl::Status FinishLoad(CollectionCore* core, LoadTask* task, const Context& context);

/// Gives back what a load that failed has in memory, and empties `loaded`.
void DropLoaded(const CollectionCore& core, std::map<std::string, LoadedSegment>* loaded);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LOAD_RUN_H_
