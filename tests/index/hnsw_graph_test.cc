#include "index/hnsw_graph.h"

#include <gtest/gtest.h>

#include "support/status_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

TEST(HnswGraphTest, LevelsLieOneAfterAnother) {
  auto graph = HnswGraph::Make(100, 4, {20, 5, 1}, {});
  ASSERT_OK(graph);
  EXPECT_EQ(graph->top_level(), 3U);
  EXPECT_EQ(graph->degree(0), 8U);
  EXPECT_EQ(graph->degree(3), 4U);
  EXPECT_EQ(graph->num_nodes(0), 100U);
  EXPECT_EQ(graph->num_nodes(2), 5U);
  EXPECT_EQ(graph->level(0).rows, nullptr);
  const uint32_t* first = graph->level(1).links;
  EXPECT_EQ(graph->level(2).of(0), first + 20 * 4);
  EXPECT_EQ(graph->level(3).of(0), first + 25 * 4);
  EXPECT_EQ(graph->bytes(), sizeof(uint32_t) * (100 * 8 + 20 + 26 * 4));
}

TEST(HnswGraphTest, CountsLinksUpToThePadding) {
  const uint32_t links[] = {5, 0, kNoRow, kNoRow};
  EXPECT_EQ(CountLinks(links, 4), 2U);
  EXPECT_EQ(CountLinks(links, 2), 2U);
  EXPECT_EQ(CountLinks(links + 2, 2), 0U);
}

TEST(HnswGraphTest, RefusesWhatIsOverTheBudget) {
  MemoryBudget budget(3300);
  EXPECT_EQ(CodeOf(HnswGraph::Make(100, 4, {20}, {.budget = &budget})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0U);
}

}  // namespace
}  // namespace vecdb::index
