#include "vecdb/clock.h"

#include <gtest/gtest.h>

#include <chrono>

namespace vecdb {
namespace {

TEST(ClockTest, SystemClockTellsTheTimeOfTheSystem) {
  const auto now = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const int64_t before = now();
  const int64_t told = SystemClock().NowMillis();
  EXPECT_LE(before, told);
  EXPECT_LE(told, now());
}

TEST(ClockTest, SystemClockIsOneObject) { EXPECT_EQ(&SystemClock(), &SystemClock()); }

}  // namespace
}  // namespace vecdb
