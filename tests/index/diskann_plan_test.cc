#include "index/diskann_plan.h"

#include <gtest/gtest.h>

#include "index/index_testing.h"

namespace vecdb::index {
namespace {

DiskannPlan DiskannPlanOf(uint32_t num_rows, double share, uint32_t k = 10,
                          SearchParams params = {}, const RowLimits& limits = {}) {
  const auto allowed = RandomBitmap(num_rows, share, 1);
  RowQuery query{.k = k, .params = params, .mask = {.num_rows = num_rows}, .limits = limits};
  if (share < 1) query.mask.allowed = allowed.data();
  return PlanDiskannSearch(query);
}

TEST(DiskannPlanTest, WithoutAMaskTheWalkKeepsWhatWasAskedFor) {
  EXPECT_EQ(DiskannPlanOf(100000, 1).plan, SearchPlan::kWalk);
  EXPECT_EQ(DiskannPlanOf(100000, 1).walk_ef, 16U);
  EXPECT_EQ(DiskannPlanOf(100000, 1, 50).walk_ef, 50U);
  EXPECT_EQ(DiskannPlanOf(100000, 1, 10, DiskannSearchParams{.search_list = 80}).walk_ef, 80U);
  EXPECT_EQ(DiskannPlanOf(40, 1, 10, DiskannSearchParams{.search_list = 80}).walk_ef, 40U);
}

TEST(DiskannPlanTest, FewAllowedRowsAreComparedByCodeAndMoreWalkedTo) {
  EXPECT_EQ(DiskannPlanOf(100000, 0.02).plan, SearchPlan::kFilteredWalk);
  EXPECT_EQ(DiskannPlanOf(100000, 0.02).walk_ef, 0U);
  EXPECT_GT(DiskannPlanOf(100000, 0.5).walk_ef, 32U);
  EXPECT_LT(DiskannPlanOf(100000, 0.5).walk_ef, 70U);
  EXPECT_LT(DiskannPlanOf(100000, 0.99).walk_ef, 24U);
}

TEST(DiskannPlanTest, WhatMustBeExactIsRead) {
  const Behind after({1, 1});
  EXPECT_EQ(DiskannPlanOf(100000, 1, 10, {}, {.after = &after}).plan, SearchPlan::kExactScan);
  EXPECT_EQ(DiskannPlanOf(9, 1).plan, SearchPlan::kExactScan);
  EXPECT_EQ(DiskannPlanOf(1000, 0).plan, SearchPlan::kExactScan);
}

}  // namespace
}  // namespace vecdb::index
