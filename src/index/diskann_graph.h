#ifndef VECDB_INDEX_DISKANN_GRAPH_H_
#define VECDB_INDEX_DISKANN_GRAPH_H_

#include <atomic>
#include <cstdint>

#include "absl/status/statusor.h"
#include "index/graph_source.h"
#include "index/hnsw_graph.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// What the graph of rows of `dim` is built on, in memory that is given back: a code of SQ8, as for
/// HNSW, or the rows themselves where these are short.
bool BuildsOnCodes(int32_t dim);

/// The graph of a DISKANN index of `spec` over rows in memory. As BuildVamana.
absl::StatusOr<HnswGraph> BuildDiskannGraph(const VectorView& view, const IndexSpec& spec,
                                            const Host& host, const Context& context,
                                            std::atomic<uint64_t>* rows_done,
                                            const GraphSource& source = {});

/// The most that BuildDiskannGraph takes beside the rows.
uint64_t DiskannGraphBytes(uint64_t num_rows, int32_t dim, const DiskannParams& params,
                           uint64_t num_strands);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_GRAPH_H_
