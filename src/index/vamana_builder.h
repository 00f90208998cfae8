#ifndef VECDB_INDEX_VAMANA_BUILDER_H_
#define VECDB_INDEX_VAMANA_BUILDER_H_

#include <atomic>
#include <cstddef>
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

struct VamanaParams {
  uint32_t max_degree = 48;
  size_t search_list_size = 128;
  uint64_t seed = 0;
};

/// The most that BuildVamana takes for itself: links, those of a batch, and marks.
uint64_t VamanaBytes(uint64_t num_rows, const VamanaParams& params, uint64_t num_strands);

/// Links all rows of the view, which are in memory, into one graph without levels (Vamana:
/// Subramanya et al. 2019): every row walks from a row in the middle, and links to rows it met that
/// lie in different directions; a second pass leaves some longer links beside them, so that walks
/// are of few steps. Rows are linked batch by batch, those of a batch in parallel (ParlayANN:
/// Manohar et al. 2024): the same graph whatever the number of threads.
///
/// Walks compare `codes` where they are not null. The graph has entry_row, no upper levels, and
/// room for max_degree links a row or, where that is odd, one more. `rows_done`, which may be null,
/// rises to the number of rows. ResourceExhausted, Cancelled, DeadlineExceeded.
///
/// A graph in `source` of which enough rows are left is continued (FreshDiskANN: Singh et al.
/// 2021): these keep their links, as TakeLinksOver says, and the others alone are linked.
absl::StatusOr<HnswGraph> BuildVamana(const VectorView& view, Metric metric,
                                      const VamanaParams& params, const RowCodes* codes,
                                      const Host& host, const Context& context,
                                      std::atomic<uint64_t>* rows_done = nullptr,
                                      const GraphSource& source = {});

}  // namespace vecdb::index

#endif  // VECDB_INDEX_VAMANA_BUILDER_H_
