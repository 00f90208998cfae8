#include "vecdb/memory_budget.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>

#include "base/reservation.h"
#include "support/status_testing.h"

namespace vecdb {
namespace {

using support::CodeOf;

TEST(MemoryBudgetTest, GivesUpToTheLimitAndNoByteMore) {
  MemoryBudget budget(100);
  EXPECT_OK(budget.Reserve(60, "rows"));
  EXPECT_OK(budget.Reserve(40, "links"));
  EXPECT_EQ(CodeOf(budget.Reserve(1, "one more")), absl::StatusCode::kResourceExhausted);
  EXPECT_OK(budget.Reserve(0, "nothing"));
  EXPECT_EQ(budget.used_bytes(), 100u);
  budget.Release(40);
  EXPECT_OK(budget.Reserve(40, "links again"));
}

TEST(MemoryBudgetTest, RefusalNamesTheFigures) {
  MemoryBudget budget(100);
  ASSERT_OK(budget.Reserve(60, "rows"));
  const std::string message(budget.Reserve(50, "links").message());
  EXPECT_EQ(message, "links needs 50 bytes; the memory budget has 40 of 100 bytes left");
  EXPECT_EQ(budget.used_bytes(), 60u);
}

TEST(MemoryBudgetTest, SumsThatWouldOverflowAreRefused) {
  MemoryBudget budget(1000);
  ASSERT_OK(budget.Reserve(1, "x"));
  EXPECT_EQ(CodeOf(budget.Reserve(std::numeric_limits<uint64_t>::max(), "all")),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 1u);
}

TEST(MemoryBudgetTest, WithoutALimitItOnlyCounts) {
  MemoryBudget budget;
  EXPECT_OK(budget.Reserve(1ULL << 50, "much"));
  EXPECT_EQ(budget.used_bytes(), 1ULL << 50);
  EXPECT_EQ(budget.limit_bytes(), std::numeric_limits<uint64_t>::max());
}

// Holds some of a budget until it is asked for it.
class HeldMemory final : public MemoryCache {
 public:
  HeldMemory(MemoryBudget* budget, uint64_t bytes) : budget_(budget) {
    held_ = *base::Reservation::Make(budget, bytes, "a cache");
    budget_->AddCache(this);
  }
  ~HeldMemory() override { budget_->RemoveCache(this); }
  HeldMemory(const HeldMemory&) = delete;
  HeldMemory& operator=(const HeldMemory&) = delete;

  void DropUnused() override { held_ = {}; }
  uint64_t bytes() const { return held_.bytes(); }

 private:
  MemoryBudget* budget_;
  base::Reservation held_;
};

TEST(MemoryBudgetTest, CachesAreEmptiedOneAfterTheOtherUntilItFits) {
  MemoryBudget budget(100);
  HeldMemory first(&budget, 30);
  HeldMemory second(&budget, 30);
  HeldMemory third(&budget, 30);
  EXPECT_FALSE(budget.TryReserve(40));
  EXPECT_EQ(budget.used_bytes(), 90u);
  EXPECT_OK(budget.Reserve(40, "rows"));
  EXPECT_EQ(first.bytes() + second.bytes(), 30u) << "one of the two is enough";
  EXPECT_EQ(third.bytes(), 30u);
  EXPECT_EQ(CodeOf(budget.Reserve(101, "too much")), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(third.bytes(), 30u) << "what can never fit empties nothing";
  EXPECT_OK(budget.Reserve(60, "all that is left"));
  EXPECT_EQ(third.bytes(), 0u);
  EXPECT_EQ(CodeOf(budget.Reserve(1, "one more")), absl::StatusCode::kResourceExhausted);
}

TEST(MemoryBudgetTest, CachesThatWereRemovedAreLeftAlone) {
  MemoryBudget budget(100);
  HeldMemory kept(&budget, 50);
  budget.RemoveCache(&kept);
  EXPECT_EQ(CodeOf(budget.Reserve(60, "rows")), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(kept.bytes(), 50u);
}

TEST(ReservationTest, GivesItsShareBackOnce) {
  MemoryBudget budget(100);
  {
    auto first = base::Reservation::Make(&budget, 70, "rows");
    ASSERT_OK(first);
    EXPECT_EQ(first->bytes(), 70u);
    base::Reservation moved = *std::move(first);
    base::Reservation assigned;
    assigned = std::move(moved);
    EXPECT_EQ(budget.used_bytes(), 70u);
    EXPECT_EQ(CodeOf(base::Reservation::Make(&budget, 31, "more")),
              absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(ReservationTest, WithoutABudgetNothingIsCounted) {
  const auto reservation = base::Reservation::Make(nullptr, 70, "rows");
  ASSERT_OK(reservation);
  EXPECT_EQ(reservation->bytes(), 70u);
}

}  // namespace
}  // namespace vecdb
