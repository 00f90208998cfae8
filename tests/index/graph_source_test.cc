#include "index/graph_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <set>
#include <vector>

#include "index/hnsw_builder.h"
#include "index/hnsw_testing.h"
#include "index/merge_testing.h"
#include "index/vector_index.h"
#include "support/seeded_random.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

using support::SeededRandom;

constexpr HnswParams kParams = {.m = 8, .ef_construction = 64};
constexpr int32_t kSourceDim = 8;

HnswGraph BuildMerged(const MergedRows& merge, const HnswGraph& source,
                      const HnswParams& params = kParams, const Host& host = {}) {
  auto graph = BuildHnswGraph(merge.new_rows.view(), Metric::kL2, params, nullptr, host, {},
                              nullptr, {.graph = &source, .rows = merge.map});
  EXPECT_TRUE(graph.ok()) << graph.status();
  return *std::move(graph);
}

TEST(GraphSourceTest, ItIsWorthwhileWhenEnoughRowsAreLeft) {
  const HnswGraph graph = BuildGraph(RandomRows(8, 4, 1), Metric::kL2, kParams);
  const auto worthwhile = [&](size_t num_left, uint32_t num_rows, uint32_t m = 8) {
    std::vector<uint32_t> rows(8, kNoRow);
    std::iota(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(num_left), 0u);
    return IsWorthwhile({.graph = &graph, .rows = rows}, num_rows, m);
  };
  EXPECT_TRUE(worthwhile(4, 16));
  EXPECT_FALSE(worthwhile(3, 12));
  EXPECT_FALSE(worthwhile(4, 17));
  EXPECT_FALSE(worthwhile(8, 8, 9));
  EXPECT_FALSE(IsWorthwhile({}, 0, 8));
}

TEST(GraphSourceTest, EveryRowIsReachableWhateverGoesAndComes) {
  for (const TestRows& rows :
       {RandomRows(900, kSourceDim, 1), ClusteredRows(900, kSourceDim, 30, 2),
        GridRows(900, kSourceDim, 1, 3), TestRows(std::vector<float>(7200), kSourceDim)}) {
    for (const uint32_t num_old : {300u, 800u, 900u}) {
      for (const uint32_t gone : {0u, 2u, 5u}) {
        SCOPED_TRACE(testing::Message() << num_old << " rows, one in " << gone << " gone");
        const MergedRows merge = MergeRows(rows, num_old, gone);
        const HnswGraph old = BuildGraph(merge.old_rows, Metric::kL2, kParams);
        ExpectSoundGraph(BuildMerged(merge, old));
      }
    }
  }
}

TEST(GraphSourceTest, TheSameBytesAtEveryNumberOfThreads) {
  const MergedRows merge = MergeRows(ClusteredRows(2000, kSourceDim, 20, 4), 1500, 5);
  const HnswGraph old = BuildGraph(merge.old_rows, Metric::kL2, kParams);
  const HnswGraph alone = BuildMerged(merge, old);
  EXPECT_FALSE(SameGraph(alone, BuildGraph(merge.new_rows, Metric::kL2, kParams)));
  for (const int threads : {1, 2, 4}) {
    const auto executor = MakeThreadPool(threads);
    EXPECT_TRUE(SameGraph(alone, BuildMerged(merge, old, kParams, {.executor = executor.get()})));
  }
}

TEST(GraphSourceTest, WhatIsNotWorthwhileIsBuiltAnew) {
  const MergedRows merge = MergeRows(RandomRows(2000, kSourceDim, 5), 300, 2);
  const HnswGraph old = BuildGraph(merge.old_rows, Metric::kL2, kParams);
  EXPECT_TRUE(SameGraph(BuildMerged(merge, old), BuildGraph(merge.new_rows, Metric::kL2, kParams)));
}

std::vector<Candidate> NearestOf(const VectorIndex& index, const VectorView& view,
                                 const float* query, const SearchParams& params) {
  std::vector<Candidate> found;
  const absl::Status status = index.Search(
      {.vector = query, .k = 10, .params = params, .mask = {.num_rows = view.num_rows}}, {},
      &found);
  EXPECT_TRUE(status.ok()) << status;
  return found;
}

double RecallOf(const VectorIndex& index, const VectorView& view) {
  const FlatParams flat;
  const auto exact = BuildVectorIndex(view, {.metric = Metric::kL2, .params = flat}, {}, {});
  size_t found = 0;
  for (uint32_t row = 0; row < 200; ++row) {
    const float* const query = view.row(row * 7 % view.num_rows);
    const auto truth = NearestOf(**exact, view, query, {});
    for (const Candidate& hit : NearestOf(index, view, query, HnswSearchParams{.ef = 20})) {
      found += hit.distance <= truth.back().distance;
    }
  }
  return static_cast<double>(found) / 2000;
}

// Merge after merge a fifth of the rows is replaced.
TEST(GraphSourceTest, RecallStaysWhatItIsOfGraphsThatAreBuiltAnew) {
  const TestRows all = RandomRows(6000, 16, 6);
  const IndexSpec spec{.metric = Metric::kL2, .params = kParams};
  SeededRandom random(7);
  std::vector<uint32_t> numbers(3000);
  std::iota(numbers.begin(), numbers.end(), 0u);
  auto rows = std::make_unique<TestRows>(PickedRows(all, numbers));
  auto index = *BuildVectorIndex(rows->view(), spec, {}, {});
  for (int merge = 0; merge < 10; ++merge) {
    std::vector<uint32_t> map(numbers.size(), kNoRow);
    std::vector<uint32_t> left;
    const std::set<uint32_t> before(numbers.begin(), numbers.end());
    for (size_t row = 0; row < numbers.size(); ++row) {
      if (random.OneIn(5)) continue;
      map[row] = static_cast<uint32_t>(left.size());
      left.push_back(numbers[row]);
    }
    while (left.size() < 3000) {
      const auto number = static_cast<uint32_t>(random.Below(6000));
      if (!before.contains(number)) left.push_back(number);
    }
    auto merged = std::make_unique<TestRows>(PickedRows(all, left));
    auto next = BuildVectorIndex(merged->view(), spec, {}, {}, nullptr,
                                 {.index = index.get(), .rows = map});
    ASSERT_TRUE(next.ok()) << next.status();
    numbers = std::move(left);
    index = *std::move(next);
    rows = std::move(merged);
  }
  const auto anew = BuildVectorIndex(rows->view(), spec, {}, {});
  EXPECT_GE(RecallOf(*index, rows->view()), RecallOf(**anew, rows->view()) - 0.01);
}

TEST(GraphSourceTest, AnIndexOfAnotherSpecIsNotContinued) {
  const MergedRows merge = MergeRows(RandomRows(1200, kSourceDim, 8), 900, 5);
  const auto old = BuildVectorIndex(merge.old_rows.view(),
                                    {.metric = Metric::kL2, .params = IvfFlatParams{}}, {}, {});
  ASSERT_TRUE(old.ok());
  const IndexSpec spec{.metric = Metric::kL2, .params = kParams};
  const auto index = BuildVectorIndex(merge.new_rows.view(), spec, {}, {}, nullptr,
                                      {.index = old->get(), .rows = merge.map});
  ASSERT_TRUE(index.ok());
  EXPECT_GE(RecallOf(**index, merge.new_rows.view()), 0.9);
}

TEST(GraphSourceTest, StopsWhenCancelled) {
  const MergedRows merge = MergeRows(RandomRows(1200, kSourceDim, 9), 900, 5);
  const HnswGraph old = BuildGraph(merge.old_rows, Metric::kL2, kParams);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  HnswGraph graph = BuildGraph(merge.new_rows, Metric::kL2, kParams);
  EXPECT_TRUE(absl::IsCancelled(TakeLinksOver(
      {.graph = &old, .rows = merge.map}, {.view = merge.new_rows.view(), .metric = Metric::kL2},
      {}, {.cancel = token}, &graph)));
}

}  // namespace
}  // namespace vecdb::index
