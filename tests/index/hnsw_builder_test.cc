#include "index/hnsw_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "index/hnsw_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr HnswParams kSmall = {.m = 4, .ef_construction = 16};

TEST(HnswBuilderTest, NoRowAndOneRowAreGraphs) {
  const HnswGraph none = BuildGraph(RandomRows(0, 3, 1), Metric::kL2, kSmall);
  EXPECT_EQ(none.entry_row, kNoRow);
  EXPECT_EQ(none.bytes(), 0U);
  const HnswGraph one = BuildGraph(RandomRows(1, 3, 1), Metric::kL2, kSmall);
  EXPECT_EQ(one.entry_row, 0U);
  ExpectSoundGraph(one);
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
      ExpectSoundGraph(BuildGraph(c.rows, metric, kSmall));
      ExpectSoundGraph(BuildGraph(c.rows, metric, {.m = 2, .ef_construction = 1}));
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
