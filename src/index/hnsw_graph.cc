#include "index/hnsw_graph.h"

#include <utility>

#include "base/status_macros.h"

namespace vecdb::index {

absl::StatusOr<HnswGraph> HnswGraph::Make(uint32_t num_rows, uint32_t m,
                                          std::vector<uint32_t> level_counts, const Host& host) {
  HnswGraph graph;
  graph.num_rows = num_rows;
  graph.m = m;
  graph.level_counts = std::move(level_counts);
  uint64_t upper_nodes = 0;
  for (const uint32_t count : graph.level_counts) upper_nodes += count;
  const uint64_t named = graph.level_counts.empty() ? 0 : graph.level_counts.front();
  VECDB_ASSIGN_OR_RETURN(
      graph.base_links, base::LargeBuffer::Make(uint64_t{num_rows} * 2 * m * sizeof(uint32_t), host,
                                                "HNSW links", MemoryUse::kIndexes));
  VECDB_ASSIGN_OR_RETURN(
      graph.upper_rows,
      base::LargeBuffer::Make(named * sizeof(uint32_t), host, "HNSW levels", MemoryUse::kIndexes));
  VECDB_ASSIGN_OR_RETURN(graph.upper_links,
                         base::LargeBuffer::Make(upper_nodes * m * sizeof(uint32_t), host,
                                                 "HNSW upper links", MemoryUse::kIndexes));
  return graph;
}

HnswLevel HnswGraph::level(size_t level) {
  if (level == 0) return {base_links.as<uint32_t>().data(), 2 * size_t{m}, nullptr};
  size_t first = 0;
  for (size_t below = 1; below < level; ++below) first += num_nodes(below);
  return {upper_links.as<uint32_t>().data() + first * m, m, upper_rows.as<uint32_t>().data()};
}

}  // namespace vecdb::index
