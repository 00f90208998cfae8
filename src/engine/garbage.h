#ifndef VECDB_ENGINE_GARBAGE_H_
#define VECDB_ENGINE_GARBAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "vecdb/context.h"
#include "vecdb/database.h"

namespace vecdb::engine {

/// Collects what no manifest in retention, no snapshot and no running job of a collection needs:
/// old manifests, objects of segments, and logs. May run beside everything.
absl::StatusOr<GarbageReport> CollectCollection(const CollectionCore& core, int64_t grace_ms,
                                                const Context& context);

/// Collects old catalogs, and everything of collections that no catalog in retention knows: those
/// whose creation failed. Under the DDL gate. `known` are the ids in the newest catalog, whatever
/// their state.
absl::StatusOr<GarbageReport> CollectDatabase(const Environment& environment, uint64_t epoch,
                                              const std::vector<std::string>& known,
                                              int64_t grace_ms, const Context& context);

void Add(const GarbageReport& more, GarbageReport* sum);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_GARBAGE_H_
