// I1: 20 seconds of readers beside writers, of which each batch is seen whole or not at all.
#include <gtest/gtest.h>

#include <cstdio>

#include "sim/isolation.h"

namespace vecdb::support {
namespace {

void Print(const char* what, const IsolationWorld& world) {
  if (::testing::Test::HasFailure()) return;
  std::printf("I1: %s: %s batches, %s reads, 0 violations\n", what,
              absl::StrCat(world.tally().writes.load()).c_str(),
              absl::StrCat(world.tally().reads.load()).c_str());
}

TEST(IsolationSlowTest, EveryGroupHasOneTag) {
  IsolationWorld world(std::chrono::milliseconds(ScaledCount(10'000)));
  world.RunGroups();
  Print("groups", world);
}

TEST(IsolationSlowTest, SumOfAllAccountsNeverChanges) {
  IsolationWorld world(std::chrono::milliseconds(ScaledCount(10'000)));
  world.RunBank();
  Print("bank", world);
}

}  // namespace
}  // namespace vecdb::support
