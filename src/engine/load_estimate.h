#ifndef VECDB_ENGINE_LOAD_ESTIMATE_H_
#define VECDB_ENGINE_LOAD_ESTIMATE_H_

#include <span>

#include "absl/status/status.h"
#include "engine/collection_core.h"
#include "vecdb/collection.h"

namespace vecdb::engine {

/// Adds what loading fields of a sealed segment takes, by the sizes of its objects, less what it
/// has in memory already.
void AddToEstimate(const query::SegmentView& segment, std::span<const size_t> columns,
                   LoadEstimate* estimate);

/// The same of all segments that a load with `options` reads.
LoadEstimate EstimateLoad(const CollectionCore& core, const View& view, const LoadOptions& options);

/// ResourceExhausted, with the figures and what would help, when an estimate is more than there is,
/// once caches are empty.
absl::Status CheckFits(const CollectionCore& core, const LoadEstimate& estimate);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LOAD_ESTIMATE_H_
