#include "index/partitioned_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "index/diskann_file.h"
#include "index/diskann_graph.h"
#include "index/diskann_testing.h"
#include "support/fault_object_store.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr uint32_t kManyRows = 6000;
constexpr int32_t kDimOfMany = 16;

BuildScratch MemoryScratch() {
  return {.store = MakeMemoryObjectStore(), .folder = *ObjectPath::Parse("scratch")};
}

// Of the nearest 10 of each of 100 queries, how many are found.
double RecallOf(const VectorIndex& index, const VectorView& view, int32_t search_list) {
  const TestRows queries = MixedRows(100, kDimOfMany, 20, 77);
  uint32_t num_found = 0;
  for (uint32_t i = 0; i < 100; ++i) {
    RowQuery query{.vector = queries.view().row(i),
                   .k = 10,
                   .params = DiskannSearchParams{.search_list = search_list},
                   .mask = {.num_rows = view.num_rows}};
    const auto expected = NaiveSearch(view, index.spec().metric, query.vector, query.mask, 10);
    std::vector<Candidate> found;
    EXPECT_OK(index.Search(query, {}, &found));
    EXPECT_EQ(found.size(), 10U);
    for (const Candidate& one : found) {
      num_found += std::find(expected.begin(), expected.end(), one) == expected.end() ? 0 : 1;
    }
  }
  return num_found / 1000.0;
}

class PartitionedGraphTest : public testing::TestWithParam<Metric> {};

TEST_P(PartitionedGraphTest, LinksEveryRowAndLaysItInOnePage) {
  const TestRows rows = MixedRows(kManyRows, kDimOfMany, 20, 1);
  const IndexSpec spec = DiskannSpec(GetParam());
  const BuildScratch scratch = MemoryScratch();
  std::atomic<uint64_t> rows_done = 0;
  auto graph = BuildPartitionedGraph(rows.view(), spec, {.num_parts = 5, .most_rows = 3100},
                                     scratch, {}, {}, &rows_done);
  ASSERT_OK(graph);
  EXPECT_EQ(rows_done, kManyRows);
  EXPECT_LT(graph->entry_row, kManyRows);
  const std::span<const uint32_t> order = graph->rows.as<const uint32_t>();
  std::vector<uint32_t> sorted(order.begin(), order.end());
  std::sort(sorted.begin(), sorted.end());
  ASSERT_EQ(sorted.size(), kManyRows);
  for (uint32_t i = 0; i < kManyRows; ++i) ASSERT_EQ(sorted[i], i);
  const uint32_t degree = DiskannDegree(std::get<DiskannParams>(spec.params));
  std::vector<uint32_t> links(degree);
  for (uint32_t row = 0; row < kManyRows; ++row) {
    ASSERT_OK(graph->links->Read({&row, 1}, links.data(), {}));
    const size_t count = CountLinks(links.data(), degree);
    EXPECT_GT(count, 0U);
    EXPECT_TRUE(std::all_of(links.begin() + static_cast<std::ptrdiff_t>(count), links.end(),
                            [](uint32_t link) { return link == kNoRow; }));
    std::sort(links.begin(), links.begin() + static_cast<std::ptrdiff_t>(count));
    EXPECT_EQ(std::adjacent_find(links.begin(), links.begin() + static_cast<std::ptrdiff_t>(count)),
              links.begin() + static_cast<std::ptrdiff_t>(count));
    for (size_t i = 0; i < count; ++i) {
      EXPECT_LT(links[i], kManyRows);
      EXPECT_NE(links[i], row);
    }
  }
  graph->links = nullptr;
  EXPECT_TRUE(scratch.store->List(scratch.folder)->empty());
}

INSTANTIATE_TEST_SUITE_P(Metrics, PartitionedGraphTest,
                         testing::Values(Metric::kL2, Metric::kIp, Metric::kCosine));

// A limit below what the graph takes, and below the rows.
uint64_t LittleMemory(const VectorView& view) {
  return uint64_t{view.num_rows} * static_cast<uint64_t>(view.dim) * sizeof(float) / 2;
}

TEST(PartitionedBuildTest, StaysWithinTheBudgetAndFindsAsMuch) {
  const TestRows rows = MixedRows(20000, kDimOfMany, 20, 1);
  const IndexSpec spec = DiskannSpec(Metric::kL2);
  const auto whole = BuildDiskannIndex(rows.view(), spec);
  const BuildScratch scratch = MemoryScratch();
  MemoryBudget budget(LittleMemory(rows.view()));
  {
    const auto parted =
        BuildVectorIndex(rows.view(), spec, {.budget = &budget}, {}, nullptr, {}, &scratch);
    ASSERT_OK(parted);
    EXPECT_GT(scratch.store->List(scratch.folder)->size(), 0U);
    // What is written is read as any other.
    const auto store = WriteFile(**parted);
    const auto loaded = LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()), {}, {});
    ASSERT_OK(loaded);
    for (const int32_t search_list : {20, 50}) {
      EXPECT_GT(RecallOf(**loaded, rows.view(), search_list),
                RecallOf(*whole, rows.view(), search_list) - 0.02)
          << search_list;
    }
  }
  EXPECT_LE(budget.Report().peak_bytes, LittleMemory(rows.view()));
  EXPECT_EQ(budget.used_bytes(), 0U);
  EXPECT_TRUE(scratch.store->List(scratch.folder)->empty());
}

TEST(PartitionedBuildTest, WithoutScratchTooLittleMemoryIsAnError) {
  const TestRows rows = MixedRows(20000, kDimOfMany, 20, 1);
  MemoryBudget budget(LittleMemory(rows.view()));
  const auto built =
      BuildVectorIndex(rows.view(), DiskannSpec(Metric::kL2), {.budget = &budget}, {});
  EXPECT_EQ(CodeOf(built), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0U);
}

TEST(PartitionedBuildTest, ThreadsMakeNoDifference) {
  const TestRows rows = MixedRows(kManyRows, kDimOfMany, 20, 1);
  const auto pool = MakeThreadPool(3);
  const BuildScratch scratch = MemoryScratch();
  const PartitionPlan plan{.num_parts = 4, .most_rows = 4100};
  const IndexSpec spec = DiskannSpec(Metric::kL2);
  auto alone = BuildPartitionedGraph(rows.view(), spec, plan, scratch, {}, {}, nullptr);
  auto together = BuildPartitionedGraph(rows.view(), spec, plan, scratch, {.executor = pool.get()},
                                        {}, nullptr);
  ASSERT_OK(alone);
  ASSERT_OK(together);
  EXPECT_TRUE(std::equal(alone->rows.bytes().begin(), alone->rows.bytes().end(),
                         together->rows.bytes().begin()));
  std::vector<uint32_t> all(kManyRows * size_t{16});
  std::vector<uint32_t> others(all.size());
  ASSERT_OK(alone->links->Read(alone->rows.as<const uint32_t>(), all.data(), {}));
  ASSERT_OK(together->links->Read(together->rows.as<const uint32_t>(), others.data(), {}));
  EXPECT_EQ(all, others);
}

// A disk that is full, wherever it is: an error, and nothing is left behind.
TEST(PartitionedBuildTest, AFullStoreLeavesNothingBehind) {
  const TestRows rows = MixedRows(3000, kDimOfMany, 20, 1);
  const PartitionPlan plan{.num_parts = 3, .most_rows = 3100};
  for (const std::string call : {"Create", "Append", "Finish", "Open", "ReadAt"}) {
    int nth = 1;
    for (;; nth *= 3) {
      const BuildScratch base = MemoryScratch();
      const auto injector = std::make_shared<support::FaultInjector>();
      injector->Arm({.call = call,
                     .nth = nth,
                     .sticky = true,
                     .error = absl::ResourceExhaustedError("no space left")});
      const BuildScratch scratch{
          .store = std::make_shared<support::FaultObjectStore>(base.store, injector),
          .folder = base.folder};
      const absl::Status status = BuildPartitionedGraph(rows.view(), DiskannSpec(Metric::kL2), plan,
                                                        scratch, {}, {}, nullptr)
                                      .status();
      EXPECT_TRUE(base.store->List(base.folder)->empty()) << call << " " << nth;
      if (status.ok()) break;
      EXPECT_EQ(status, absl::ResourceExhaustedError("no space left")) << call << " " << nth;
    }
    EXPECT_GT(nth, 3) << call;
  }
}

TEST(PartitionedBuildTest, CancelStopsItAndLeavesNothingBehind) {
  const TestRows rows = MixedRows(3000, kDimOfMany, 20, 1);
  for (const std::string call : {"Append", "ReadAt"}) {
    const BuildScratch base = MemoryScratch();
    const CancelToken token = CancelToken::Make();
    const auto injector = std::make_shared<support::FaultInjector>();
    injector->Arm({.call = call, .nth = 2, .mode = support::FaultMode::kSlow, .on_slow = [&] {
                     token.Cancel();
                   }});
    const BuildScratch scratch{
        .store = std::make_shared<support::FaultObjectStore>(base.store, injector),
        .folder = base.folder};
    const auto built = BuildPartitionedGraph(rows.view(), DiskannSpec(Metric::kL2),
                                             {.num_parts = 3, .most_rows = 3100}, scratch, {},
                                             {.cancel = token}, nullptr);
    EXPECT_EQ(CodeOf(built), absl::StatusCode::kCancelled) << call;
    EXPECT_TRUE(base.store->List(base.folder)->empty()) << call;
  }
}

// A budget that refuses nothing counts what a plan takes.
TEST(PartitionPlanTest, ABuildTakesNoMoreThanItWasPlannedFor) {
  for (const auto& [num_rows, dim] : {std::pair(20000U, 16), std::pair(12000U, 100)}) {
    const TestRows rows = RandomRows(num_rows, dim, 1);
    const IndexSpec spec = DiskannSpec(Metric::kL2);
    const uint64_t free_bytes = LittleMemory(rows.view());
    const auto plan = PlanPartitions(num_rows, dim, spec, 1, free_bytes);
    ASSERT_TRUE(plan.has_value());
    MemoryBudget counted;
    ASSERT_OK(BuildPartitionedGraph(rows.view(), spec, *plan, MemoryScratch(), {.budget = &counted},
                                    {}, nullptr));
    EXPECT_LE(counted.Report().peak_bytes, free_bytes) << dim;
    EXPECT_GE((plan->num_parts - 1) * plan->most_rows, 2 * num_rows);
  }
}

TEST(PartitionPlanTest, CutsUpNoMoreThanItHasTo) {
  const IndexSpec spec = DiskannSpec(Metric::kL2);
  const uint64_t data = uint64_t{1000000} * 128 * sizeof(float);
  const auto quarter = PlanPartitions(1000000, 128, spec, 2, data / 4);
  const auto half = PlanPartitions(1000000, 128, spec, 2, data / 2);
  ASSERT_TRUE(quarter.has_value());
  ASSERT_TRUE(half.has_value());
  EXPECT_GT(quarter->num_parts, half->num_parts);
  EXPECT_LT(quarter->num_parts, 100U);
  for (const auto& plan : {*quarter, *half}) {
    EXPECT_GE(uint64_t{plan.num_parts} * plan.most_rows, 2'200'000U);
  }
  EXPECT_FALSE(PlanPartitions(1000000, 128, spec, 2, data / 100).has_value());
  EXPECT_FALSE(PlanPartitions(1000000, 128, spec, 2, 0).has_value());
}

}  // namespace
}  // namespace vecdb::index
