#include "vecdb/memory_budget.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
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

TEST(MemoryBudgetTest, APartCountsInAllAboveAndHasToFitIntoEach) {
  MemoryBudget machine(100);
  MemoryBudget database("the database", 80, &machine);
  MemoryBudget docs("docs", 50, &database);
  MemoryBudget logs("logs", MemoryBudget::kNoLimit, &database);
  EXPECT_OK(docs.Reserve(40, "rows", MemoryUse::kGrowingRows));
  EXPECT_EQ(docs.Reserve(11, "links"),
            absl::ResourceExhaustedError(
                "links needs 11 bytes; the memory budget of docs has 10 of 50 bytes left"));
  EXPECT_OK(logs.Reserve(40, "links", MemoryUse::kIndexes));
  EXPECT_EQ(docs.Reserve(1, "links"),
            absl::ResourceExhaustedError(
                "links needs 1 bytes; the memory budget of the database has 0 of 80 bytes left"));
  EXPECT_OK(machine.Reserve(20, "other"));
  EXPECT_EQ(machine.used_bytes(), 100u);
  EXPECT_EQ(docs.used_bytes(), 40u) << "what was refused counts nowhere";
  EXPECT_EQ(docs.Report().peak_bytes, 40u);
  EXPECT_EQ(docs.used_bytes(MemoryUse::kOther), 0u);
  logs.Release(40, MemoryUse::kIndexes);
  EXPECT_EQ(machine.used_bytes(), 60u);
  EXPECT_EQ(docs.FreeBytes(), 10u);
  EXPECT_EQ(logs.FreeBytes(), 40u);
  EXPECT_EQ(MemoryBudget().FreeBytes(), MemoryBudget::kNoLimit);
}

TEST(MemoryBudgetTest, OnlyCachesOfTheBudgetThatIsFullAreEmptied) {
  MemoryBudget database(100);
  MemoryBudget docs("docs", 50, &database);
  MemoryBudget logs("logs", 50, &database);
  HeldMemory of_docs(&docs, 30);
  HeldMemory of_logs(&logs, 30);
  EXPECT_OK(docs.Reserve(40, "rows"));
  EXPECT_EQ(of_docs.bytes(), 0u);
  EXPECT_EQ(of_logs.bytes(), 30u);
  EXPECT_OK(database.Reserve(60, "rows of another kind"));
  EXPECT_EQ(of_logs.bytes(), 0u);
  HeldMemory again(&logs, 0);
  database.DropCaches();
}

TEST(MemoryBudgetTest, ALimitMayChange) {
  MemoryBudget budget(100);
  ASSERT_OK(budget.Reserve(60, "rows"));
  budget.SetLimit(50);
  EXPECT_EQ(budget.FreeBytes(), 0u);
  EXPECT_EQ(CodeOf(budget.Reserve(1, "more")), absl::StatusCode::kResourceExhausted);
  budget.Release(20);
  EXPECT_OK(budget.Reserve(10, "more"));
  EXPECT_EQ(budget.used_bytes(), 50u);
}

TEST(MemoryBudgetTest, APartThatHoldsNothingMayGoAfterItsParent) {
  auto database = std::make_unique<MemoryBudget>(100);
  auto docs = std::make_unique<MemoryBudget>("docs", 50, database.get());
  MemoryBudget chunks("chunks", 50, docs.get());
  ASSERT_OK(chunks.Reserve(10, "rows"));
  chunks.Release(10);
  database.reset();
  EXPECT_EQ(docs->Report().parts.size(), 1u);
  docs.reset();
  EXPECT_EQ(chunks.Report().used_bytes, 0u);
}

TEST(MemoryBudgetTest, TheReportIsATreeWithUsesAndPeaks) {
  MemoryBudget database("db", 100, nullptr);
  MemoryBudget logs("logs", MemoryBudget::kNoLimit, &database);
  {
    MemoryBudget docs("docs", 50, &database);
    ASSERT_OK(docs.Reserve(40, "rows", MemoryUse::kVectors));
    ASSERT_OK(docs.Reserve(9, "links", MemoryUse::kIndexes));
    docs.Release(40, MemoryUse::kVectors);
    const MemoryReport report = database.Report();
    EXPECT_EQ(report.used_bytes, 9u);
    EXPECT_EQ(report.peak_bytes, 49u);
    EXPECT_EQ(report.of(MemoryUse::kIndexes), 9u);
    EXPECT_EQ(report.of(MemoryUse::kVectors), 0u);
    EXPECT_EQ(report.ToString(),
              "db: 9 bytes of 100, at most 49\n"
              "  indexes: 9\n"
              "  docs: 9 bytes of 50, at most 49\n"
              "    indexes: 9\n"
              "  logs: 0 bytes without limit, at most 0\n");
    docs.Release(9, MemoryUse::kIndexes);
  }
  EXPECT_EQ(database.Report().parts.size(), 1u);
  logs.SetName("texts");
  EXPECT_EQ(database.Report().parts[0].name, "texts");
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
