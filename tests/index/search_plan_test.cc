#include "index/search_plan.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/row_mask.h"

namespace vecdb::index {
namespace {

constexpr uint32_t kRows = 64000;

// The first `count` rows.
std::vector<uint64_t> FirstRows(uint64_t count) {
  std::vector<uint64_t> words(kRows / 64);
  for (uint64_t row = 0; row < count; ++row) words[row / 64] |= uint64_t{1} << (row % 64);
  return words;
}

HnswPlan PlanFor(uint64_t num_allowed, uint32_t k = 10, int32_t ef = 50,
                 uint32_t num_rows = kRows) {
  const std::vector<uint64_t> words = FirstRows(num_allowed);
  return PlanHnswSearch({.k = k,
                         .params = HnswSearchParams{.ef = ef},
                         .mask = {.num_rows = num_rows, .allowed = words.data()}});
}

TEST(SearchPlanTest, FewRowsAreScannedAndMoreAreWalked) {
  EXPECT_EQ(PlanFor(0).plan, SearchPlan::kExactScan);
  EXPECT_EQ(PlanFor(700 + 12 * 50).plan, SearchPlan::kExactScan);
  EXPECT_EQ(PlanFor(700 + 12 * 50 + 1).plan, SearchPlan::kFilteredWalk);
  EXPECT_EQ(PlanFor(700 + 12 * 200, 10, 200).plan, SearchPlan::kExactScan);
  EXPECT_EQ(PlanFor(700 + 12 * 200 + 1, 10, 200).plan, SearchPlan::kFilteredWalk);
}

TEST(SearchPlanTest, NearlyAllRowsAreWalkedWithoutALookAtTheMask) {
  EXPECT_EQ(PlanFor(kRows * 9 / 10 - 1).plan, SearchPlan::kFilteredWalk);
  const HnswPlan plan = PlanFor(kRows * 9 / 10);
  EXPECT_EQ(plan.plan, SearchPlan::kWalk);
  EXPECT_EQ(plan.ef, 50U);
  EXPECT_GE(plan.walk_ef, 56U);  // 50 / 0.9
  EXPECT_LE(plan.walk_ef, 70U);
}

TEST(SearchPlanTest, WithoutAMaskTheWalkKeepsEf) {
  const HnswPlan plan =
      PlanHnswSearch({.k = 10, .params = HnswSearchParams{.ef = 77}, .mask = {.num_rows = kRows}});
  EXPECT_EQ(plan.plan, SearchPlan::kWalk);
  EXPECT_EQ(plan.num_allowed, kRows);
  EXPECT_EQ(plan.walk_ef, 77U);
}

TEST(SearchPlanTest, SmallIndexesAreScannedWithoutAMask) {
  RowQuery query{.k = 10, .params = HnswSearchParams{.ef = 50}, .mask = {.num_rows = 600}};
  EXPECT_EQ(PlanHnswSearch(query).plan, SearchPlan::kExactScan);
  query.mask.num_rows = 601;
  EXPECT_EQ(PlanHnswSearch(query).plan, SearchPlan::kWalk);
}

TEST(SearchPlanTest, RowsThatLieFarApartAreScanned) {
  std::vector<uint64_t> words(1000000 / 64);
  base::RowMask mask{.num_rows = 1000000, .allowed = words.data()};
  RowQuery query{
      .k = 10, .params = HnswSearchParams{.ef = 10}, .mask = mask, .num_set_bits = 16666};
  EXPECT_EQ(PlanHnswSearch(query).plan, SearchPlan::kExactScan);
  query.num_set_bits = 16667;
  EXPECT_EQ(PlanHnswSearch(query).plan, SearchPlan::kFilteredWalk);
}

TEST(SearchPlanTest, WhenAllAllowedRowsAreWantedTheyAreScanned) {
  EXPECT_EQ(PlanFor(9000, 9000, 9000).plan, SearchPlan::kExactScan);
}

TEST(SearchPlanTest, ASearchFromAPositionIsScanned) {
  class Nowhere final : public RowPosition {
    bool IsBefore(float, uint32_t) const override { return true; }
  };
  const Nowhere nowhere;
  EXPECT_EQ(
      PlanHnswSearch({.k = 10, .mask = {.num_rows = kRows}, .limits = {.after = &nowhere}}).plan,
      SearchPlan::kExactScan);
}

TEST(SearchPlanTest, TheCountOfTheCallerIsBelievedAndDeletesAreTakenFromIt) {
  const std::vector<uint64_t> words = FirstRows(100);
  base::DeleteTimes deletes;
  RowQuery query{
      .k = 10, .mask = {.num_rows = kRows, .allowed = words.data()}, .num_set_bits = 32000};
  EXPECT_EQ(PlanHnswSearch(query).num_allowed, 32000U);
  for (uint32_t row = 0; row < kRows / 4; ++row) deletes.Set(row, 1);
  query.mask.deletes = &deletes;
  EXPECT_EQ(PlanHnswSearch(query).num_allowed, 24000U);
  query.num_set_bits.reset();
  EXPECT_EQ(PlanHnswSearch(query).num_allowed, 75U);
}

TEST(SearchPlanTest, AgainstTheFilterMoreRowsAreScanned) {
  EXPECT_TRUE(ScanBeatsWalkAgainst(20480, 64));
  EXPECT_FALSE(ScanBeatsWalkAgainst(20481, 64));
}

}  // namespace
}  // namespace vecdb::index
