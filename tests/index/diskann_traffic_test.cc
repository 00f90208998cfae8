#include "index/diskann_traffic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "index/diskann_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

constexpr uint32_t kWalkedRows = 5000;

IndexSpec CachedSpec(double cached) {
  IndexSpec spec = DiskannSpec(Metric::kL2);
  std::get<DiskannParams>(spec.params).search_cache_budget = cached;
  return spec;
}

struct ReadsAndHits {
  uint64_t reads = 0;
  uint64_t hits = 0;
};

// Searches for other rows, through a file.
ReadsAndHits SearchWith(const IndexSpec& spec, const TestRows& rows) {
  const auto store = WriteFile(*BuildDiskannIndex(rows.view(), spec));
  const auto loaded = LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()), {}, {});
  EXPECT_OK(loaded);
  const TestRows queries = MixedRows(200, 16, 20, 99);
  for (uint32_t i = 0; i < 200; ++i) {
    std::vector<Candidate> found;
    EXPECT_OK((*loaded)->Search({.vector = queries.view().row(i),
                                 .params = DiskannSearchParams{},
                                 .mask = {.num_rows = kWalkedRows}},
                                {}, &found));
  }
  const auto& index = static_cast<const DiskannIndex&>(**loaded);
  return {index.page_reads(), index.page_hits()};
}

TEST(DiskannTrafficTest, TheCacheHoldsPagesThatAreReadMoreThanOthers) {
  const TestRows rows = MixedRows(kWalkedRows, 16, 20, 1);
  const ReadsAndHits none = SearchWith(CachedSpec(0), rows);
  const ReadsAndHits some = SearchWith(CachedSpec(0.2), rows);
  EXPECT_EQ(none.hits, 0U);
  EXPECT_LT(some.reads, none.reads);
  const DiskannLayout layout = DiskannLayout::Of(kWalkedRows, 16, 16);
  const double share = NumCachedPages(std::get<DiskannParams>(CachedSpec(0.2).params), layout) /
                       static_cast<double>(layout.num_pages());
  EXPECT_GT(static_cast<double>(some.hits),
            1.2 * share * static_cast<double>(some.hits + some.reads));
}

TEST(DiskannTrafficTest, EveryPageOnceAndTheLastOneLast) {
  const TestRows rows = MixedRows(kWalkedRows, 16, 20, 1);
  const auto pool = MakeThreadPool(3);
  const IndexSpec spec = CachedSpec(0.2);
  std::vector<std::vector<uint32_t>> orders;
  for (const Host& host : {Host{}, Host{.executor = pool.get()}}) {
    auto built = BuildDiskannIndex(rows.view(), spec, host);
    DiskannParts parts = std::move(static_cast<DiskannIndex&>(*built)).Release();
    auto order = PagesByTraffic(rows.view(), spec, &parts, host, {});
    ASSERT_OK(order);
    EXPECT_EQ(order->back(), order->size() - 1);
    orders.push_back(*order);
    std::sort(order->begin(), order->end());
    for (uint32_t i = 0; i < order->size(); ++i) EXPECT_EQ((*order)[i], i);
  }
  EXPECT_EQ(orders[0], orders[1]);
}

TEST(DiskannTrafficTest, StopsWithTheContext) {
  const TestRows rows = MixedRows(kWalkedRows, 16, 20, 1);
  auto built = BuildDiskannIndex(rows.view(), CachedSpec(0.2));
  DiskannParts parts = std::move(static_cast<DiskannIndex&>(*built)).Release();
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  const auto order = PagesByTraffic(rows.view(), CachedSpec(0.2), &parts, {}, {.cancel = token});
  EXPECT_EQ(support::CodeOf(order), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::index
