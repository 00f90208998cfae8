#include "index/diskann_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "index/diskann_graph.h"
#include "index/diskann_testing.h"
#include "index/merge_testing.h"
#include "support/seeded_random.h"
#include "vecdb/executor.h"
#include "vecdb/memory_budget.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

std::vector<uint32_t> LinksOf(const HnswGraph& graph) {
  const auto links = graph.base_links.as<const uint32_t>();
  return {links.begin(), links.end()};
}

TEST(DiskannSourceTest, TheGraphOfAnIndexIsReadAsItWasBuilt) {
  for (const uint32_t num_rows : {1U, 3U, 40U, 900U}) {
    for (const int32_t max_degree : {7, 16}) {
      const TestRows rows = RandomRows(num_rows, 24, 1);
      const IndexSpec spec = DiskannSpec(Metric::kL2, max_degree);
      const auto graph = BuildDiskannGraph(rows.view(), spec, {}, {}, nullptr);
      ASSERT_OK(graph);
      const auto built = BuildDiskannIndex(rows.view(), spec);
      const auto store = WriteFile(*built);
      const auto loaded = LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()), {}, {});
      ASSERT_OK(loaded);
      for (const VectorIndex* index : {built.get(), loaded->get()}) {
        const auto read = ReadDiskannGraph(PartsOf(*index), {}, {});
        ASSERT_OK(read);
        EXPECT_EQ(read->entry_row, graph->entry_row);
        EXPECT_EQ(LinksOf(*read), LinksOf(*graph));
      }
    }
  }
}

TEST(DiskannSourceTest, MemoryAndCancellationAreHonoured) {
  const TestRows rows = RandomRows(900, 24, 1);
  const auto built = BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kL2));
  MemoryBudget budget(20'000);
  EXPECT_EQ(CodeOf(ReadDiskannGraph(PartsOf(*built), {.budget = &budget}, {})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0U);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  EXPECT_EQ(CodeOf(ReadDiskannGraph(PartsOf(*built), {}, {.cancel = token})),
            absl::StatusCode::kCancelled);
}

// An index over merge.new_rows that may continue `old`, which is loaded from its file.
std::unique_ptr<VectorIndex> BuildFrom(const MergedRows& merge, const VectorIndex& old,
                                       const Host& host = {}) {
  auto index = BuildVectorIndex(merge.new_rows.view(), old.spec(), host, {}, nullptr,
                                {.index = &old, .rows = merge.map});
  EXPECT_OK(index);
  return *std::move(index);
}

TEST(DiskannSourceTest, AnIndexContinuesTheGraphOfOneInAFile) {
  const MergedRows merge = MergeRows(MixedRows(1500, 64, 20, 1), 1200, 5);
  const IndexSpec spec = DiskannSpec(Metric::kCosine);
  const auto store = WriteFile(*BuildDiskannIndex(merge.old_rows.view(), spec));
  const auto old = LoadVectorIndex(*OpenFile(*store), OnlyInPages(merge.old_rows.view()), {}, {});
  ASSERT_OK(old);
  const auto executor = MakeThreadPool(4);
  const auto index = BuildFrom(merge, **old);
  const auto bytes = ReadSections(*WriteFile(*index));
  EXPECT_EQ(bytes,
            ReadSections(*WriteFile(*BuildFrom(merge, **old, {.executor = executor.get()}))));
  EXPECT_NE(bytes, ReadSections(*WriteFile(*BuildDiskannIndex(merge.new_rows.view(), spec))));
}

TEST(DiskannSourceTest, WithoutRoomForBothGraphsItIsBuiltAnew) {
  const MergedRows merge = MergeRows(RandomRows(1500, 24, 1), 1200, 5);
  const auto old = BuildDiskannIndex(merge.old_rows.view(), DiskannSpec(Metric::kL2));
  const auto anew = BuildDiskannIndex(merge.new_rows.view(), DiskannSpec(Metric::kL2));
  MemoryBudget budget(uint64_t{1} << 40);
  const auto index = BuildFrom(merge, *old, {.budget = &budget});
  EXPECT_NE(ReadSections(*WriteFile(*index)), ReadSections(*WriteFile(*anew)));
  MemoryBudget small(400'000);
  const auto other = BuildFrom(merge, *old, {.budget = &small});
  EXPECT_EQ(ReadSections(*WriteFile(*other)), ReadSections(*WriteFile(*anew)));
}

double RecallOfIndex(const VectorIndex& index, const VectorView& view) {
  double recall = 0;
  const TestRows queries = MixedRows(100, view.dim, 20, 77);
  for (uint32_t i = 0; i < 100; ++i) {
    std::vector<Candidate> found;
    EXPECT_OK(index.Search({.vector = queries.view().row(i),
                            .k = 10,
                            .params = DiskannSearchParams{.search_list = 20},
                            .mask = {.num_rows = view.num_rows}},
                           {}, &found));
    recall += RecallOf(found, NaiveSearch(view, index.spec().metric, queries.view().row(i),
                                          {.num_rows = view.num_rows}, 10)) /
              100;
  }
  return recall;
}

// Merge after merge a fifth of the rows is replaced.
TEST(DiskannSourceTest, RecallStaysWhatItIsOfIndexesThatAreBuiltAnew) {
  constexpr uint32_t kNumRows = 2000;
  const TestRows all = MixedRows(2 * kNumRows, 16, 20, 6);
  support::SeededRandom random(7);
  std::vector<uint32_t> numbers(kNumRows);
  std::iota(numbers.begin(), numbers.end(), 0u);
  auto rows = std::make_unique<TestRows>(PickedRows(all, numbers));
  auto index = BuildDiskannIndex(rows->view(), DiskannSpec(Metric::kL2));
  for (int merge = 0; merge < 8; ++merge) {
    std::vector<uint32_t> map(numbers.size(), kNoRow);
    std::vector<uint32_t> left;
    const std::set<uint32_t> before(numbers.begin(), numbers.end());
    for (size_t row = 0; row < numbers.size(); ++row) {
      if (random.OneIn(5)) continue;
      map[row] = static_cast<uint32_t>(left.size());
      left.push_back(numbers[row]);
    }
    std::set<uint32_t> fresh;
    while (left.size() < kNumRows) {
      const auto number = static_cast<uint32_t>(random.Below(2 * kNumRows));
      if (!before.contains(number) && fresh.insert(number).second) left.push_back(number);
    }
    auto merged = std::make_unique<TestRows>(PickedRows(all, left));
    auto next = BuildVectorIndex(merged->view(), DiskannSpec(Metric::kL2), {}, {}, nullptr,
                                 {.index = index.get(), .rows = map});
    ASSERT_OK(next);
    numbers = std::move(left);
    index = *std::move(next);
    rows = std::move(merged);
  }
  const auto anew = BuildDiskannIndex(rows->view(), DiskannSpec(Metric::kL2));
  EXPECT_GE(RecallOfIndex(*index, rows->view()), RecallOfIndex(*anew, rows->view()) - 0.01);
}

}  // namespace
}  // namespace vecdb::index
