#include "index/diskann_builder.h"

#include <gtest/gtest.h>

#include <string>

#include "index/diskann_testing.h"
#include "vecdb/executor.h"
#include "vecdb/memory_budget.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

TEST(DiskannBuilderTest, TheSameBytesWhateverTheNumberOfThreads) {
  const TestRows rows = MixedRows(900, 64, 20, 1);
  const auto executor = MakeThreadPool(4);
  const auto alone = BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kCosine));
  const auto together = BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kCosine),
                                          Host{.executor = executor.get()});
  EXPECT_EQ(ReadSections(*WriteFile(*alone)), ReadSections(*WriteFile(*together)));
}

TEST(DiskannBuilderTest, CodesKeepToTheirBudget) {
  const TestRows rows = RandomRows(300, 64, 1);
  for (const double share : {0.01, 0.0625, 0.125, 0.25}) {
    IndexSpec spec = DiskannSpec(Metric::kL2);
    std::get<DiskannParams>(spec.params).pq_code_budget = share;
    const auto built = BuildDiskannIndex(rows.view(), spec);
    const auto code_bytes = static_cast<double>(PartsOf(*built).codes.code_bytes());
    EXPECT_LE(code_bytes, std::max(1.0, share * 256 - 4)) << share;
    EXPECT_GE(code_bytes, std::max(1.0, (share * 256 - 4) / 2)) << share;
  }
}

TEST(DiskannBuilderTest, MemoryIsReservedAndGivenBack) {
  const TestRows rows = RandomRows(2000, 64, 1);
  MemoryBudget budget;
  {
    const auto built =
        BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kL2), {.budget = &budget});
    EXPECT_EQ(budget.used_bytes(), built->index_bytes());
  }
  EXPECT_EQ(budget.used_bytes(), 0U);
  for (const uint64_t limit : {10000U, 200000U, 400000U}) {
    MemoryBudget small(limit);
    EXPECT_EQ(
        CodeOf(BuildVectorIndex(rows.view(), DiskannSpec(Metric::kL2), Host{.budget = &small}, {})),
        absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(small.used_bytes(), 0U);
  }
}

}  // namespace
}  // namespace vecdb::index
