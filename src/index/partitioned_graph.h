#ifndef VECDB_INDEX_PARTITIONED_GRAPH_H_
#define VECDB_INDEX_PARTITIONED_GRAPH_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "index/build_scratch.h"
#include "index/diskann_layout.h"
#include "index/diskann_pages.h"
#include "index/vector_view.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// How rows are cut up so that the graph of one part at a time fits into memory.
struct PartitionPlan {
  uint32_t num_parts = 0;
  uint32_t most_rows = 0;  ///< of a part
};

/// Of a DISKANN index, in `free_bytes` of memory, which a build then stays within. Nothing when it
/// is too little for parts of some thousand rows.
std::optional<PartitionPlan> PlanPartitions(uint64_t num_rows, int32_t dim, const IndexSpec& spec,
                                            uint64_t num_strands, uint64_t free_bytes);

/// A graph, and how its rows lie in pages.
struct OrderedGraph {
  std::unique_ptr<const LinksOfRows> links{};
  base::LargeBuffer rows{};  ///< by place, as OrderRows lays them
  uint32_t entry_row = kNoRow;
};

/// Builds the graph of a DISKANN index over more rows than fit into memory: `view` shows them in
/// memory all the same, a map of a file. Parts that overlap (k-means; each row in two of them) get
/// a graph each, one after the other, and the links that a row has in both are put together
/// (Subramanya et al. 2019). Links wait in objects of `scratch`, which go with what is returned.
///
/// The same for any number of threads. `rows_done` as for BuildVamana. What the store returns,
/// DataLoss when it gives back other bytes; ResourceExhausted, Cancelled, DeadlineExceeded.
absl::StatusOr<OrderedGraph> BuildPartitionedGraph(const VectorView& view, const IndexSpec& spec,
                                                   const PartitionPlan& plan,
                                                   const BuildScratch& scratch, const Host& host,
                                                   const Context& context,
                                                   std::atomic<uint64_t>* rows_done);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_PARTITIONED_GRAPH_H_
