#include "index/diskann_graph.h"

#include <gtest/gtest.h>

#include <variant>

#include "index/diskann_testing.h"

namespace vecdb::index {
namespace {

// What a build of a graph takes is foreseen, whether it is on codes or on rows.
TEST(DiskannGraphTest, TakesNoMoreThanItSays) {
  for (const int32_t dim : {16, 63, 64, 100}) {
    const TestRows rows = RandomRows(3000, dim, 1);
    const IndexSpec spec = DiskannSpec(Metric::kL2);
    MemoryBudget budget;
    const auto graph = BuildDiskannGraph(rows.view(), spec, {.budget = &budget}, {}, nullptr);
    ASSERT_OK(graph);
    const uint64_t foreseen =
        DiskannGraphBytes(3000, dim, std::get<DiskannParams>(spec.params), /*num_strands=*/1);
    EXPECT_LE(budget.Report().peak_bytes, foreseen + foreseen / 10) << dim;
    EXPECT_GE(budget.Report().peak_bytes, foreseen / 2) << dim;
  }
}

TEST(DiskannGraphTest, ShortRowsNeedNoCodes) {
  EXPECT_FALSE(BuildsOnCodes(63));
  EXPECT_TRUE(BuildsOnCodes(64));
}

}  // namespace
}  // namespace vecdb::index
