#ifndef VECDB_INDEX_GRAPH_SOURCE_H_
#define VECDB_INDEX_GRAPH_SOURCE_H_

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "index/graph_linker.h"
#include "index/hnsw_graph.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::index {

/// A graph whose rows, but for some that have gone, are among those of a new one. Borrows both.
struct GraphSource {
  const HnswGraph* graph = nullptr;
  std::span<const uint32_t> rows{};  ///< by row of `graph`, the row of the new one; kNoRow: gone
};

/// Whether taking links over spares work and harms no search: at least half of the rows of the
/// source, of which `rows` says where they are now, are still there, and they are a quarter of the
/// `num_rows` new ones.
bool IsWorthwhile(std::span<const uint32_t> rows, uint32_t num_rows);

/// The same, and lists are as long.
bool IsWorthwhile(const GraphSource& source, uint32_t num_rows, uint32_t m);

/// Writes the lists of level 0 that rows had in `source` to `graph`. A list that has lost links to
/// rows which have gone chooses anew, among the links that it has left and those that these rows
/// had (as FreshDiskANN does: Singh et al. 2021). Not every row can be reached by them. The same
/// for any number of threads of host.executor, which it runs on at background priority. Cancelled,
/// DeadlineExceeded.
absl::Status TakeLinksOver(const GraphSource& source, const LinkerSpec& spec, const Host& host,
                           const Context& context, HnswGraph* graph);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_GRAPH_SOURCE_H_
