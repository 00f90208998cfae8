#include "engine/build_slots.h"

#include <gtest/gtest.h>

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
