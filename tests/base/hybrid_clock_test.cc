#include "base/hybrid_clock.h"

#include <gtest/gtest.h>

#include <vector>

namespace vecdb::base {
namespace {

class FakeClock : public Clock {
 public:
  int64_t NowMillis() const override { return now; }
  int64_t now = 1000;
};

constexpr uint64_t At(uint64_t millis) { return millis << HybridClock::kCounterBits; }

TEST(HybridClockTest, StartsAtTheWallClock) {
  FakeClock wall;
  HybridClock clock(&wall);
  EXPECT_EQ(clock.Tick(), At(1000));
  EXPECT_EQ(clock.Tick(), At(1000) + 1);
  wall.now = 1001;
  EXPECT_EQ(clock.Tick(), At(1001));
}

TEST(HybridClockTest, GrowsWhileTheWallClockStandsOrRunsBackwards) {
  FakeClock wall;
  HybridClock clock(&wall);
  uint64_t last = clock.Tick();
  for (const int64_t now : {1000, 999, 0, -5}) {
    wall.now = now;
    const uint64_t next = clock.Tick();
    EXPECT_EQ(next, last + 1) << now;
    last = next;
  }
}

TEST(HybridClockTest, GivesSeveralInARow) {
  FakeClock wall;
  HybridClock clock(&wall);
  EXPECT_EQ(clock.Tick(10), At(1000));
  EXPECT_EQ(clock.Tick(), At(1000) + 10);
}

TEST(HybridClockTest, CounterThatOverflowsRunsIntoTheNextMillisecond) {
  FakeClock wall;
  HybridClock clock(&wall);
  const uint64_t many = (uint64_t{1} << HybridClock::kCounterBits) + 5;
  EXPECT_EQ(clock.Tick(many), At(1000));
  EXPECT_EQ(clock.Tick(), At(1001) + 5);
  wall.now = 1001;
  EXPECT_EQ(clock.Tick(), At(1001) + 6);
}

TEST(HybridClockTest, StaysBehindWhatWasObserved) {
  FakeClock wall;
  HybridClock clock(&wall);
  clock.Observe(At(5000) + 3);
  EXPECT_EQ(clock.Tick(), At(5000) + 4);
  clock.Observe(At(7));  // long past
  EXPECT_EQ(clock.Tick(), At(5000) + 5);
}

TEST(HybridClockTest, NeverGivesZero) {
  FakeClock wall;
  wall.now = -100;
  HybridClock clock(&wall);
  EXPECT_EQ(clock.Tick(), 1u);
}

}  // namespace
}  // namespace vecdb::base
