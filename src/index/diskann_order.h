#ifndef VECDB_INDEX_DISKANN_ORDER_H_
#define VECDB_INDEX_DISKANN_ORDER_H_

#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "index/diskann_layout.h"
#include "index/hnsw_graph.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::index {

/// The row of each place: from the entry of the graph outwards, each page begun with the row that
/// has waited longest and filled with rows that its rows link to. So a read brings several rows
/// that a walk may want (Wang et al., Starling, 2024). ResourceExhausted, Cancelled,
/// DeadlineExceeded.
absl::StatusOr<base::LargeBuffer> OrderRows(const HnswGraph& graph, const DiskannLayout& layout,
                                            const Host& host, const Context& context);

/// The place of each row.
absl::StatusOr<base::LargeBuffer> PlacesOf(const base::LargeBuffer& rows, const Host& host);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_ORDER_H_
