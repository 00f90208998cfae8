#ifndef VECDB_INDEX_HNSW_BUILDER_H_
#define VECDB_INDEX_HNSW_BUILDER_H_

#include <atomic>
#include <cstdint>

#include "absl/status/statusor.h"
#include "index/graph_source.h"
#include "index/hnsw_graph.h"
#include "index/row_codes.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// Builds the graph of Malkov and Yashunin (2016) in batches that double (Manohar et al.,
/// ParlayANN, 2024), on the threads of host.executor at background priority. Same input, same
/// graph, whatever the number of threads. Every row can be reached from the entry row along level
/// 0.
///
/// `params` are valid. ResourceExhausted over the budget; Cancelled, DeadlineExceeded.
absl::StatusOr<HnswGraph> BuildHnswGraph(const VectorView& view, Metric metric,
                                         const HnswParams& params, const Host& host,
                                         const Context& context);

/// The same, where candidates are looked for by `codes`, which may be null, and links chosen by the
/// rows. `rows_done`, which may be null, is set to the number of rows that are linked.
///
/// Rows of `source` keep their links of level 0, where that is worthwhile, and the others are
/// linked to them: as good a graph, in a part of the time.
absl::StatusOr<HnswGraph> BuildHnswGraph(const VectorView& view, Metric metric,
                                         const HnswParams& params, const RowCodes* codes,
                                         const Host& host, const Context& context,
                                         std::atomic<uint64_t>* rows_done = nullptr,
                                         const GraphSource& source = {});

}  // namespace vecdb::index

#endif  // VECDB_INDEX_HNSW_BUILDER_H_
