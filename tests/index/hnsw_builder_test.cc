#include "index/hnsw_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "index/hnsw_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr HnswParams kSmall = {.m = 4, .ef_construction = 16};

// What every graph must hold, whatever it was built from.
void ExpectSound(const HnswGraph& graph) {
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

TEST(HnswBuilderTest, NoRowAndOneRowAreGraphs) {
  const HnswGraph none = BuildGraph(RandomRows(0, 3, 1), Metric::kL2, kSmall);
  EXPECT_EQ(none.entry_row, kNoRow);
  EXPECT_EQ(none.bytes(), 0U);
  const HnswGraph one = BuildGraph(RandomRows(1, 3, 1), Metric::kL2, kSmall);
  EXPECT_EQ(one.entry_row, 0U);
  ExpectSound(one);
}

TEST(HnswBuilderTest, EveryRowIsReachableWhateverTheData) {
  const struct {
    std::string name;
    TestRows rows;
  } cases[] = {
      {"random", RandomRows(600, 6, 1)},
      {"two rows", RandomRows(2, 6, 2)},
      {"all rows equal", GridRows(600, 6, 1, 3)},
      {"many equal rows", GridRows(600, 2, 3, 4)},
      {"clusters, sorted", ClusteredRows(600, 6, 20, 5)},
      {"clusters of two rows", ClusteredRows(600, 6, 300, 6)},
      {"zeros", TestRows(std::vector<float>(900), 3)},
      {"overflow", TestRows(std::vector<float>(900, 3e38f), 3)},
  };
  for (const auto& c : cases) {
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      SCOPED_TRACE(c.name + " " + std::string(MetricName(metric)));
      ExpectSound(BuildGraph(c.rows, metric, kSmall));
      ExpectSound(BuildGraph(c.rows, metric, {.m = 2, .ef_construction = 1}));
    }
  }
}

TEST(HnswBuilderTest, TheSameBytesAtEveryNumberOfThreads) {
  const TestRows rows = ClusteredRows(1500, 8, 10, 7);
  const HnswGraph alone = BuildGraph(rows, Metric::kL2, kSmall);
  for (const int threads : {1, 2, 4}) {
    const auto executor = MakeThreadPool(threads);
    EXPECT_TRUE(
        SameGraph(alone, BuildGraph(rows, Metric::kL2, kSmall, {.executor = executor.get()})))
        << threads;
  }
}

TEST(HnswBuilderTest, AnotherSeedGivesAnotherGraph) {
  const TestRows rows = RandomRows(200, 4, 8);
  HnswParams params = kSmall;
  const HnswGraph first = BuildGraph(rows, Metric::kL2, params);
  params.seed = 1;
  EXPECT_FALSE(SameGraph(first, BuildGraph(rows, Metric::kL2, params)));
}

TEST(HnswBuilderTest, RefusesWhatIsOverTheBudgetAndGivesEverythingBack) {
  const TestRows rows = RandomRows(500, 4, 9);
  MemoryBudget unlimited;
  {
    const HnswGraph graph = BuildGraph(rows, Metric::kL2, kSmall, {.budget = &unlimited});
    EXPECT_EQ(unlimited.used_bytes(), graph.bytes());
  }
  EXPECT_EQ(unlimited.used_bytes(), 0U);
  MemoryBudget budget(4000);
  EXPECT_EQ(CodeOf(BuildHnswGraph(rows.view(), Metric::kL2, kSmall, {.budget = &budget}, {})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0U);
}

TEST(HnswBuilderTest, StopsWhenCancelledOrLate) {
  const TestRows rows = RandomRows(20000, 16, 10);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  EXPECT_EQ(CodeOf(BuildHnswGraph(rows.view(), Metric::kL2, kSmall, {}, {.cancel = token})),
            absl::StatusCode::kCancelled);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(CodeOf(BuildHnswGraph(rows.view(), Metric::kL2, {}, {},
                                  Context::WithTimeout(absl::Milliseconds(20)))),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

}  // namespace
}  // namespace vecdb::index
