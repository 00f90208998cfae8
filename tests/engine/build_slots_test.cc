#include "engine/build_slots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "base/reservation.h"
#include "support/status_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;

TEST(BuildSlotsTest, NoMoreThanTheMostAtATime) {
  BuildSlots slots(2);
  auto first = slots.Take(0, nullptr, {});
  ASSERT_OK(first);
  {
    const auto second = slots.Take(0, nullptr, {});
    ASSERT_OK(second);
    EXPECT_EQ(CodeOf(slots.Take(0, nullptr, Context::WithTimeout(absl::Milliseconds(30)))),
              absl::StatusCode::kDeadlineExceeded);
    Context cancelled{.cancel = CancelToken::Make()};
    cancelled.cancel.Cancel();
    EXPECT_EQ(CodeOf(slots.Take(0, nullptr, cancelled)), absl::StatusCode::kCancelled);
  }
  EXPECT_OK(slots.Take(0, nullptr, {}));
}

TEST(BuildSlotsTest, OneAloneIsLetThroughHoweverMuchItTakes) {
  MemoryBudget budget(100);
  BuildSlots slots(4);
  EXPECT_OK(slots.Take(1000, &budget, {}));
}

TEST(BuildSlotsTest, BesideOthersOnlyWhatMemorySufficesFor) {
  MemoryBudget budget(100);
  BuildSlots slots(4);
  const Context soon = Context::WithTimeout(absl::Milliseconds(30));
  const auto first = slots.Take(60, &budget, {});
  ASSERT_OK(first);
  EXPECT_EQ(CodeOf(slots.Take(41, &budget, soon)), absl::StatusCode::kDeadlineExceeded);
  {
    const auto second = slots.Take(40, &budget, {});
    EXPECT_OK(second);
  }
  EXPECT_OK(slots.Take(1000, nullptr, {}));  // no budget, no limit
  auto taken = base::Reservation::Make(&budget, 1, "test", MemoryUse::kOther);
  ASSERT_OK(taken);
  EXPECT_EQ(CodeOf(slots.Take(40, &budget, Context::WithTimeout(absl::Milliseconds(30)))),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(BuildSlotsTest, NobodyPassesWhoCameFirst) {
  MemoryBudget budget(100);
  BuildSlots slots(4);
  auto first = slots.Take(50, &budget, {});
  ASSERT_OK(first);
  std::optional<BuildSlots::Slot> held(*std::move(first));
  const CancelToken enough = CancelToken::Make();
  std::atomic<bool> large_is_in = false;
  std::thread large([&] {
    const auto slot = slots.Take(90, &budget, {.cancel = enough});
    large_is_in = slot.ok();
  });
  // A small one would have room; it gets in before the large one has come alone.
  const auto small_passes = [&] {
    return slots.Take(10, &budget, Context::WithTimeout(absl::Milliseconds(5))).ok();
  };
  const absl::Time end = absl::Now() + absl::Seconds(60);
  while (small_passes()) ASSERT_LT(absl::Now(), end);
  EXPECT_FALSE(large_is_in);
  held.reset();
  large.join();
  EXPECT_TRUE(large_is_in);
  EXPECT_TRUE(small_passes());
  enough.Cancel();
}

TEST(BuildSlotsTest, OneThatGivesUpLetsTheNextIn) {
  MemoryBudget budget(100);
  BuildSlots slots(4);
  const auto first = slots.Take(50, &budget, {});
  ASSERT_OK(first);
  EXPECT_EQ(CodeOf(slots.Take(90, &budget, Context::WithTimeout(absl::Milliseconds(5)))),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_OK(slots.Take(10, &budget, {}));
}

TEST(BuildSlotsTest, WhoWaitsIsLetInWhenOneLeaves) {
  BuildSlots slots(1);
  auto first = slots.Take(0, nullptr, {});
  ASSERT_OK(first);
  std::optional<BuildSlots::Slot> held(*std::move(first));
  std::thread leaver([&held] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    held.reset();
  });
  EXPECT_OK(slots.Take(0, nullptr, Context::WithTimeout(absl::Seconds(60))));
  leaver.join();
}

}  // namespace
}  // namespace vecdb::engine
