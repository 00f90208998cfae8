#ifndef VECDB_INDEX_HNSW_REPAIR_H_
#define VECDB_INDEX_HNSW_REPAIR_H_

#include <cstddef>

#include "absl/status/status.h"
#include "index/hnsw_graph.h"
#include "index/vector_view.h"
#include "index/walk_scratch.h"
#include "simd/distance.h"
#include "vecdb/context.h"

namespace vecdb::index {

/// Adds links to level 0 until every row can be reached from the entry row. Pruning and duplicates
/// cut rows off now and then. Serial; Cancelled, DeadlineExceeded.
absl::Status ConnectAllRows(const VectorView& view, Metric metric,
                            const simd::DistanceKernels& kernels, size_t ef, const Context& context,
                            WalkScratch* scratch, HnswGraph* graph);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_HNSW_REPAIR_H_
