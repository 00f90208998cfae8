#ifndef VECDB_ENGINE_CHECKPOINT_H_
#define VECDB_ENGINE_CHECKPOINT_H_

#include <string>

#include "absl/status/status.h"
#include "engine/collection_core.h"
#include "vecdb/context.h"
#include "vecdb/object_store.h"

namespace vecdb::engine {

/// Copies the objects of the newest manifest, and then the manifest as version 1 of a collection
/// without journal. AlreadyExists when the target has one.
absl::Status CheckpointCollection(CollectionCore* core, ObjectStore& target,
                                  const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_CHECKPOINT_H_
