#include "index/hnsw_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "support/status_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

std::vector<uint32_t> OrderOf(uint32_t num_rows, uint32_t m, uint64_t seed) {
  const auto order = HnswOrder::Make(num_rows, m, seed, {});
  EXPECT_OK(order);
  std::vector<uint32_t> rows;
  for (uint32_t place = 0; place < num_rows; ++place) rows.push_back(order->row(place));
  return rows;
}

TEST(HnswOrderTest, EveryRowHasOnePlace) {
  const std::vector<uint32_t> rows = OrderOf(1000, 16, 0);
  EXPECT_EQ(std::set<uint32_t>(rows.begin(), rows.end()).size(), 1000U);
  EXPECT_LT(*std::max_element(rows.begin(), rows.end()), 1000U);
}

TEST(HnswOrderTest, DependsOnTheSeedAlone) {
  EXPECT_EQ(OrderOf(100, 4, 7), OrderOf(100, 4, 7));
  EXPECT_NE(OrderOf(100, 4, 7), OrderOf(100, 4, 8));
  EXPECT_EQ(OrderOf(100, 4, 7), OrderOf(100, 16, 7));
}

TEST(HnswOrderTest, LevelsShrinkByM) {
  for (const uint32_t m : {2U, 16U}) {
    const auto order = HnswOrder::Make(1 << 16, m, 1, {});
    ASSERT_OK(order);
    ASSERT_GE(order->level_counts().size(), 2U);
    double expected = 1 << 16;
    uint32_t above = 1 << 16;
    for (const uint32_t count : order->level_counts()) {
      expected /= m;
      EXPECT_LE(count, above);
      EXPECT_GT(count, 0U);
      // Six standard deviations of a binomial distribution.
      EXPECT_NEAR(count, expected, 6 * std::sqrt(expected) + 1);
      above = count;
    }
  }
}

TEST(HnswOrderTest, ReservesFromTheBudget) {
  MemoryBudget budget(100);
  EXPECT_EQ(CodeOf(HnswOrder::Make(1000, 16, 0, {.budget = &budget})),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace vecdb::index
