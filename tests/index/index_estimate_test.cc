#include "index/index_estimate.h"

#include <gtest/gtest.h>

#include <memory>

#include "index/coded_testing.h"
#include "index/index_testing.h"
#include "index/ivf_testing.h"
#include "index/vector_index.h"
#include "support/status_testing.h"

namespace vecdb::index {
namespace {

std::vector<IndexSpec> EstimatedSpecs() {
  std::vector<IndexSpec> specs = IvfSpecs(64);
  specs.push_back(
      {Metric::kL2, IvfPqParams{.nlist = 32, .m = 32, .nbits = 4, .refine = Refine::kFloat16}});
  specs.push_back({Metric::kL2, HnswParams{.m = 8, .ef_construction = 20}});
  specs.push_back({Metric::kCosine, HnswParams{.m = 16, .ef_construction = 20}});
  for (const HnswParams& coded : CodedParams()) specs.push_back({Metric::kIp, coded});
  return specs;
}

double Ratio(uint64_t a, uint64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

// Against what the budget counts, which the other tests hold against what is allocated.
TEST(IndexEstimateTest, IsWithinATenthOfWhatIsReserved) {
  constexpr uint32_t kRows = 6000;
  const TestRows rows = RandomRows(kRows, 64, 1);
  for (const IndexSpec& spec : EstimatedSpecs()) {
    MemoryBudget budget;
    const auto index = BuildVectorIndex(rows.view(), spec, {.budget = &budget}, {});
    ASSERT_OK(index);
    const auto estimate = Estimate(kRows, 64, spec, 1, {});
    ASSERT_OK(estimate);
    const uint64_t bytes = (*index)->index_bytes();
    EXPECT_NEAR(Ratio(estimate->index_bytes, bytes), 1, 0.1) << spec.ToJson() << bytes;
    EXPECT_NEAR(Ratio(estimate->build_peak_bytes, budget.Report().peak_bytes), 1, 0.1)
        << spec.ToJson() << budget.Report().ToString();
    EXPECT_EQ(estimate->vector_bytes > 0, NeedsRowsInMemory(spec, 64));
  }
}

TEST(IndexEstimateTest, FlatTakesItsRowsAndNothingElse) {
  const auto l2 = Estimate(1000, 64, {.metric = Metric::kL2}, 1, {});
  ASSERT_OK(l2);
  EXPECT_EQ(l2->index_bytes, 0u);
  EXPECT_EQ(l2->vector_bytes, 1000u * 64 * 4);
  const auto cosine = Estimate(1000, 64, {.metric = Metric::kCosine}, 1, {});
  ASSERT_OK(cosine);
  EXPECT_EQ(cosine->loaded_bytes(), 1000u * (64 * 4 + 4));
}

TEST(IndexEstimateTest, NoRowsTakeNothing) {
  for (const IndexSpec& spec : EstimatedSpecs()) {
    const auto estimate = Estimate(0, 64, spec, 1, {});
    ASSERT_OK(estimate);
    EXPECT_EQ(estimate->loaded_bytes() + estimate->build_peak_bytes, 0u);
  }
}

}  // namespace
}  // namespace vecdb::index
