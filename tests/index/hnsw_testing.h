#ifndef VECDB_TESTS_INDEX_HNSW_TESTING_H_
#define VECDB_TESTS_INDEX_HNSW_TESTING_H_

#include <algorithm>
#include <cstring>
#include <set>
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

// What every graph must hold, whatever it was built from.
inline void ExpectSoundGraph(const HnswGraph& graph) {
  EXPECT_EQ(CountReachable(graph), graph.num_rows);
  for (size_t level = 0; level <= graph.top_level(); ++level) {
    const HnswLevel view = graph.level(level);
    for (uint32_t node = 0; node < graph.num_nodes(level); ++node) {
      const size_t count = CountLinks(view.of(node), view.degree);
      const std::set<uint32_t> links(view.of(node), view.of(node) + count);
      EXPECT_EQ(links.size(), count) << "a link twice";
      EXPECT_FALSE(links.contains(node)) << "a link to itself";
      EXPECT_TRUE(links.empty() || *links.rbegin() < graph.num_nodes(level));
      EXPECT_TRUE(std::all_of(view.of(node) + count, view.of(node) + view.degree,
                              [](uint32_t link) { return link == kNoRow; }));
    }
  }
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
