// I1, briefly, under ThreadSanitizer.
#include <gtest/gtest.h>

#include "sim/isolation.h"

namespace vecdb::support {
namespace {

constexpr std::chrono::milliseconds kDuration(300);

TEST(IsolationOfBatchesRaceTest, EveryGroupHasOneTag) {
  IsolationWorld world(kDuration);
  world.RunGroups();
  EXPECT_GT(world.tally().reads, 0u);
}

TEST(IsolationOfBatchesRaceTest, SumOfAllAccountsNeverChanges) {
  IsolationWorld world(kDuration);
  world.RunBank();
  EXPECT_GT(world.tally().reads, 0u);
}

}  // namespace
}  // namespace vecdb::support
