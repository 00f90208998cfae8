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
                   LoadMode mode, LoadEstimate* estimate);

/// The same of all segments that a load with `options` reads.
LoadEstimate EstimateLoad(const CollectionCore& core, const View& view, const LoadOptions& options);

/// Makes room for a load, as far as options allow, when it is more than is free. ResourceExhausted
/// when that is not enough, nearly: estimates are not that exact.
absl::Status CheckFits(const CollectionCore& core, const LoadEstimate& estimate);

/// The error of a load that has no room, with the figures and what would help.
absl::Status DoesNotFit(const CollectionCore& core, const LoadEstimate& estimate,
                        const absl::Status& cause);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LOAD_ESTIMATE_H_
