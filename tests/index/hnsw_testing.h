#ifndef VECDB_TESTS_INDEX_HNSW_TESTING_H_
#define VECDB_TESTS_INDEX_HNSW_TESTING_H_

#include <cstring>
#include <vector>

#include "index/hnsw_builder.h"
#include "index/hnsw_graph.h"
#include "index/index_testing.h"
#include "support/status_testing.h"

namespace vecdb::index {

inline HnswGraph BuildGraph(const TestRows& rows, Metric metric, const HnswParams& params,
                            const Host& host = {}) {
  auto graph = BuildHnswGraph(rows.view(), metric, params, host, {});
  EXPECT_OK(graph);
  return graph.ok() ? *std::move(graph) : HnswGraph();
}

// Rows that a walk along level 0 from the entry can come to.
inline uint32_t CountReachable(const HnswGraph& graph) {
  if (graph.num_rows == 0) return 0;
  std::vector<bool> reached(graph.num_rows);
  std::vector<uint32_t> todo = {graph.entry_row};
  reached[graph.entry_row] = true;
  uint32_t count = 0;
  while (!todo.empty()) {
    const uint32_t* links = graph.level(0).of(todo.back());
    todo.pop_back();
    ++count;
    for (size_t i = 0; i < CountLinks(links, graph.degree(0)); ++i) {
      if (!reached[links[i]]) todo.push_back(links[i]);
      reached[links[i]] = true;
    }
  }
  return count;
}

inline bool SameBytes(const base::LargeBuffer& a, const base::LargeBuffer& b) {
  return a.size() == b.size() && (a.size() == 0 || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

inline bool SameGraph(const HnswGraph& a, const HnswGraph& b) {
  return a.entry_row == b.entry_row && a.level_counts == b.level_counts &&
         SameBytes(a.base_links, b.base_links) && SameBytes(a.upper_rows, b.upper_rows) &&
         SameBytes(a.upper_links, b.upper_links);
}

}  // namespace vecdb::index

#endif  // VECDB_TESTS_INDEX_HNSW_TESTING_H_
