#include "index/vamana_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <vector>

#include "index/hnsw_search.h"
#include "index/index_testing.h"
#include "index/merge_testing.h"
#include "index/query_distance.h"
#include "index/walk_scratch.h"
#include "support/status_testing.h"
#include "vecdb/executor.h"
#include "vecdb/memory_budget.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr VamanaParams kVamanaParams{.max_degree = 16, .search_list_size = 40};

std::vector<uint32_t> LinksOfVamana(const HnswGraph& graph) {
  const auto links = graph.base_links.as<const uint32_t>();
  return {links.begin(), links.end()};
}

// Rows that can be reached from the entry.
size_t CountReachedRows(const HnswGraph& graph) {
  std::set<uint32_t> reached = {graph.entry_row};
  std::vector<uint32_t> next = {graph.entry_row};
  while (!next.empty()) {
    const uint32_t row = next.back();
    next.pop_back();
    const uint32_t* const links = graph.level(0).of(row);
    for (size_t i = 0; i < CountLinks(links, graph.degree(0)); ++i) {
      if (reached.insert(links[i]).second) next.push_back(links[i]);
    }
  }
  return reached.size();
}

void ExpectIsVamana(const HnswGraph& graph, uint32_t num_rows) {
  for (uint32_t row = 0; row < num_rows; ++row) {
    const uint32_t* const links = graph.level(0).of(row);
    const size_t count = CountLinks(links, graph.degree(0));
    const std::set<uint32_t> different(links, links + count);
    ASSERT_EQ(different.size(), count) << "a link twice at row " << row;
    ASSERT_EQ(different.count(row), 0U) << "a link to itself at row " << row;
    ASSERT_TRUE(different.empty() || *different.rbegin() < num_rows);
    for (size_t i = count; i < graph.degree(0); ++i) ASSERT_EQ(links[i], kNoRow);
  }
  EXPECT_EQ(CountReachedRows(graph), num_rows);
}

double RecallOfVamana(const HnswGraph& graph, const TestRows& rows, Metric metric, size_t ef) {
  WalkScratch scratch(*VisitedMarks::Make(rows.view().num_rows, {}));
  const TestRows queries = MixedRows(50, rows.view().dim, 20, 77);
  double recall = 0;
  for (uint32_t i = 0; i < 50; ++i) {
    const QueryDistance distance(rows.view(), metric, queries.view().row(i));
    Poller poller({}, rows.view().dim);
    EXPECT_OK(WalkLevel(graph.level(0), distance, {graph.entry_row, distance.One(graph.entry_row)},
                        ef, &scratch, &poller));
    std::vector<Candidate> found;
    for (size_t j = 0; j < std::min<size_t>(10, scratch.pool.size()); ++j) {
      found.push_back({scratch.pool.distance(j), scratch.pool.node(j)});
    }
    const auto expected = NaiveSearch(rows.view(), metric, queries.view().row(i),
                                      {.num_rows = rows.view().num_rows}, 10);
    recall += RecallOf(found, expected) / 50;
  }
  return recall;
}

TEST(VamanaBuilderTest, WalksFindTheNearestRowsUnderEveryMetric) {
  const TestRows rows = MixedRows(3000, 24, 20, 1);
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const auto graph = BuildVamana(rows.view(), metric, kVamanaParams, nullptr, {}, {});
    ASSERT_OK(graph);
    ExpectIsVamana(*graph, 3000);
    EXPECT_GE(RecallOfVamana(*graph, rows, metric, 60), metric == Metric::kIp ? 0.85 : 0.95)
        << MetricName(metric);
  }
}

TEST(VamanaBuilderTest, CodesMakeAGraphThatIsAsGood) {
  const TestRows rows = MixedRows(3000, 24, 20, 1);
  const auto codes = RowCodes::Build(
      rows.view(), {.kind = codec::CodecKind::kSq8, .metric = Metric::kL2, .dim = 24}, {}, {});
  ASSERT_OK(codes);
  const auto graph = BuildVamana(rows.view(), Metric::kL2, kVamanaParams, &*codes, {}, {});
  ASSERT_OK(graph);
  ExpectIsVamana(*graph, 3000);
  EXPECT_GE(RecallOfVamana(*graph, rows, Metric::kL2, 60), 0.95);
}

TEST(VamanaBuilderTest, ThreadsMakeNoDifference) {
  const TestRows rows = MixedRows(1500, 12, 20, 2);
  const auto executor = MakeThreadPool(4);
  const auto alone = BuildVamana(rows.view(), Metric::kL2, kVamanaParams, nullptr, {}, {});
  const auto together = BuildVamana(rows.view(), Metric::kL2, kVamanaParams, nullptr,
                                    Host{.executor = executor.get()}, {});
  ASSERT_OK(alone);
  ASSERT_OK(together);
  EXPECT_EQ(alone->entry_row, together->entry_row);
  EXPECT_EQ(LinksOfVamana(*alone), LinksOfVamana(*together));
  VamanaParams other = kVamanaParams;
  other.seed = 9;
  const auto seeded = BuildVamana(rows.view(), Metric::kL2, other, nullptr, {}, {});
  ASSERT_OK(seeded);
  EXPECT_NE(LinksOfVamana(*alone), LinksOfVamana(*seeded));
}

TEST(VamanaBuilderTest, FewRowsAndEqualRowsAreAllReached) {
  for (const uint32_t num_rows : {1U, 2U, 3U, 17U, 400U}) {
    const TestRows equal(std::vector<float>(num_rows * size_t{4}, 0.5f), 4);
    const TestRows different = RandomRows(num_rows, 4, 3);
    for (const TestRows* rows : {&equal, &different}) {
      for (const uint32_t max_degree : {1U, 3U, 16U}) {
        const auto graph =
            BuildVamana(rows->view(), Metric::kL2,
                        {.max_degree = max_degree, .search_list_size = 20}, nullptr, {}, {});
        ASSERT_OK(graph);
        ExpectIsVamana(*graph, num_rows);
      }
    }
  }
  EXPECT_OK(BuildVamana(RandomRows(0, 4, 1).view(), Metric::kL2, kVamanaParams, nullptr, {}, {}));
}

TEST(VamanaBuilderTest, TheShortestSearchListLinksAllRows) {
  const TestRows rows = RandomRows(500, 8, 1);
  const auto graph = BuildVamana(rows.view(), Metric::kL2, {.max_degree = 7, .search_list_size = 1},
                                 nullptr, {}, {});
  ASSERT_OK(graph);
  ExpectIsVamana(*graph, 500);
}

TEST(VamanaBuilderTest, ProgressRisesToTheNumberOfRows) {
  const TestRows rows = RandomRows(300, 4, 3);
  std::atomic<uint64_t> done = 0;
  ASSERT_OK(BuildVamana(rows.view(), Metric::kL2, kVamanaParams, nullptr, {}, {}, &done));
  EXPECT_EQ(done.load(), 300U);
}

HnswGraph Continued(const MergedRows& merge, const HnswGraph& old,
                    const VamanaParams& params = kVamanaParams, const Host& host = {}) {
  auto graph = BuildVamana(merge.new_rows.view(), Metric::kL2, params, nullptr, host, {}, nullptr,
                           {.graph = &old, .rows = merge.map});
  EXPECT_OK(graph);
  return *std::move(graph);
}

TEST(VamanaBuilderTest, AGraphIsContinuedWhateverGoesAndComes) {
  for (const TestRows& rows :
       {MixedRows(900, 8, 20, 1), TestRows(std::vector<float>(900 * size_t{8}, 0.5f), 8)}) {
    for (const uint32_t max_degree : {3U, 16U}) {
      const VamanaParams params{.max_degree = max_degree, .search_list_size = 40};
      for (const uint32_t num_old : {300U, 800U, 900U}) {
        for (const uint32_t gone : {0U, 2U, 5U}) {
          SCOPED_TRACE(testing::Message() << num_old << " rows, one in " << gone << " gone");
          const MergedRows merge = MergeRows(rows, num_old, gone);
          const auto old = BuildVamana(merge.old_rows.view(), Metric::kL2, params, nullptr, {}, {});
          ASSERT_OK(old);
          ExpectIsVamana(Continued(merge, *old, params), merge.new_rows.view().num_rows);
        }
      }
    }
  }
}

TEST(VamanaBuilderTest, AContinuedGraphIsAsGoodAndTheSameAtAnyNumberOfThreads) {
  const MergedRows merge = MergeRows(MixedRows(3000, 24, 20, 1), 2200, 5);
  const auto old = BuildVamana(merge.old_rows.view(), Metric::kL2, kVamanaParams, nullptr, {}, {});
  const auto anew = BuildVamana(merge.new_rows.view(), Metric::kL2, kVamanaParams, nullptr, {}, {});
  ASSERT_OK(old);
  ASSERT_OK(anew);
  const HnswGraph continued = Continued(merge, *old);
  EXPECT_NE(LinksOfVamana(continued), LinksOfVamana(*anew));
  EXPECT_GE(RecallOfVamana(continued, merge.new_rows, Metric::kL2, 30),
            RecallOfVamana(*anew, merge.new_rows, Metric::kL2, 30) - 0.01);
  const auto executor = MakeThreadPool(4);
  EXPECT_EQ(LinksOfVamana(continued),
            LinksOfVamana(Continued(merge, *old, kVamanaParams, {.executor = executor.get()})));
}

TEST(VamanaBuilderTest, WithTooFewRowsLeftOrListsOfAnotherLengthItIsBuiltAnew) {
  const MergedRows merge = MergeRows(RandomRows(1000, 8, 5), 200, 2);
  const auto old = BuildVamana(merge.old_rows.view(), Metric::kL2, kVamanaParams, nullptr, {}, {});
  const auto anew = BuildVamana(merge.new_rows.view(), Metric::kL2, kVamanaParams, nullptr, {}, {});
  EXPECT_EQ(LinksOfVamana(Continued(merge, *old)), LinksOfVamana(*anew));
  const MergedRows all = MergeRows(RandomRows(1000, 8, 5), 900, 0);
  const VamanaParams longer{.max_degree = 24, .search_list_size = 40};
  const auto source = BuildVamana(all.old_rows.view(), Metric::kL2, kVamanaParams, nullptr, {}, {});
  const auto wanted = BuildVamana(all.new_rows.view(), Metric::kL2, longer, nullptr, {}, {});
  EXPECT_EQ(LinksOfVamana(Continued(all, *source, longer)), LinksOfVamana(*wanted));
}

TEST(VamanaBuilderTest, ProgressOfAContinuedGraphBeginsWithTheRowsThatHaveLinks) {
  const MergedRows merge = MergeRows(RandomRows(1000, 4, 3), 900, 0);
  const auto old = BuildVamana(merge.old_rows.view(), Metric::kL2, kVamanaParams, nullptr, {}, {});
  ASSERT_OK(old);
  std::atomic<uint64_t> done = 0;
  ASSERT_OK(BuildVamana(merge.new_rows.view(), Metric::kL2, kVamanaParams, nullptr, {}, {}, &done,
                        {.graph = &*old, .rows = merge.map}));
  EXPECT_EQ(done.load(), 1000U);
}

TEST(VamanaBuilderTest, MemoryAndCancellationAreHonoured) {
  const TestRows rows = RandomRows(3000, 8, 3);
  for (const uint64_t limit : {1000U, 50000U, 200000U}) {
    MemoryBudget budget(limit);
    EXPECT_EQ(CodeOf(BuildVamana(rows.view(), Metric::kL2, kVamanaParams, nullptr,
                                 Host{.budget = &budget}, {})),
              absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(budget.used_bytes(), 0U);
  }
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  EXPECT_EQ(
      CodeOf(BuildVamana(rows.view(), Metric::kL2, kVamanaParams, nullptr, {}, {.cancel = token})),
      absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::index
