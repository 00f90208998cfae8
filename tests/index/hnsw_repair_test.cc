#include "index/hnsw_repair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "index/hnsw_testing.h"
#include "simd/distance.h"

namespace vecdb::index {
namespace {

absl::Status Connect(const TestRows& rows, HnswGraph* graph, const Context& context = {}) {
  auto marks = VisitedMarks::Make(rows.view().num_rows, {});
  EXPECT_OK(marks);
  WalkScratch scratch(*std::move(marks));
  return ConnectAllRows(rows.view(), Metric::kL2, simd::KernelsFor(Metric::kL2), 8, context,
                        &scratch, graph);
}

HnswGraph GraphWithoutLinks(uint32_t num_rows, uint32_t m) {
  auto graph = HnswGraph::Make(num_rows, m, {}, {});
  EXPECT_OK(graph);
  std::memset(graph->base_links.data(), 0xff, graph->base_links.size());
  graph->entry_row = 0;
  return *std::move(graph);
}

TEST(HnswRepairTest, ConnectsRowsThatHaveNoLinksAtAll) {
  const TestRows rows = RandomRows(200, 3, 1);
  HnswGraph graph = GraphWithoutLinks(200, 2);
  EXPECT_OK(Connect(rows, &graph));
  EXPECT_EQ(CountReachable(graph), 200U);
}

// Two full cliques, each closed in itself: there is no room for a link between them.
TEST(HnswRepairTest, SplicesWhereEveryListIsFull) {
  const TestRows rows = ClusteredRows(10, 3, 2, 2);
  HnswGraph graph = GraphWithoutLinks(10, 2);
  for (uint32_t row = 0; row < 10; ++row) {
    uint32_t* links = graph.level(0).of(row);
    const uint32_t first = row / 5 * 5;
    for (uint32_t i = 0; i < 5; ++i) {
      if (first + i != row) *links++ = first + i;
    }
  }
  EXPECT_EQ(CountReachable(graph), 5U);
  EXPECT_OK(Connect(rows, &graph));
  EXPECT_EQ(CountReachable(graph), 10U);
}

TEST(HnswRepairTest, LeavesAConnectedGraphAsItIs) {
  const TestRows rows = RandomRows(300, 4, 3);
  HnswGraph graph = BuildGraph(rows, Metric::kL2, {.m = 4, .ef_construction = 16});
  const std::vector<std::byte> before(graph.base_links.bytes().begin(),
                                      graph.base_links.bytes().end());
  EXPECT_OK(Connect(rows, &graph));
  EXPECT_TRUE(std::equal(before.begin(), before.end(), graph.base_links.data()));
}

}  // namespace
}  // namespace vecdb::index
