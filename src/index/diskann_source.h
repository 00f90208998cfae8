#ifndef VECDB_INDEX_DISKANN_SOURCE_H_
#define VECDB_INDEX_DISKANN_SOURCE_H_

#include "absl/status/statusor.h"
#include "index/diskann_file.h"
#include "index/hnsw_graph.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::index {

/// The links of an index by row, in memory, as a graph without levels: for one that continues it.
/// Reads every page once. DataLoss for a damaged one; ResourceExhausted, Cancelled,
/// DeadlineExceeded.
absl::StatusOr<HnswGraph> ReadDiskannGraph(const DiskannParts& parts, const Host& host,
                                           const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_SOURCE_H_
