#ifndef VECDB_ENGINE_LOAD_ESTIMATE_H_
#define VECDB_ENGINE_LOAD_ESTIMATE_H_

#include "absl/status/status.h"
#include "engine/collection_core.h"
#include "vecdb/collection.h"

namespace vecdb::engine {

/// What loading the sealed segments of `view` takes, by the sizes of their objects, less what they
/// have in memory already.
LoadEstimate EstimateLoad(const CollectionCore& core, const View& view);

/// ResourceExhausted, with the figures and what would help, when an estimate is more than there is,
/// once caches are empty.
absl::Status CheckFits(const CollectionCore& core, const LoadEstimate& estimate);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LOAD_ESTIMATE_H_
