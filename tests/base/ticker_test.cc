#include "base/ticker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace vecdb::base {
namespace {

TEST(TickerTest, CallsAgainAndAgain) {
  std::atomic<int> calls = 0;
  const Ticker ticker(1, [&](const Context&) { ++calls; });
  while (calls < 5) std::this_thread::yield();
}

TEST(TickerTest, WaitsForAboutTheInterval) {
  using Steady = std::chrono::steady_clock;
  const auto begun = Steady::now();
  std::atomic<int> calls = 0;
  std::atomic<bool> late = false;
  const Ticker ticker(40, [&](const Context&) {
    ++calls;
    late = Steady::now() - begun >= std::chrono::milliseconds(36) * calls.load();
  });
  while (calls < 2) std::this_thread::yield();
  EXPECT_TRUE(late);
}

TEST(TickerTest, EndCancelsTheCallThatRunsAndWaitsForIt) {
  std::atomic<bool> begun = false;
  std::atomic<bool> ended = false;
  {
    const Ticker ticker(1, [&](const Context& context) {
      begun = true;
      while (context.Check().ok()) std::this_thread::yield();
      ended = true;
    });
    while (!begun) std::this_thread::yield();
  }
  EXPECT_TRUE(ended);
}

TEST(TickerTest, EndDoesNotWaitForTheNextCall) {
  const auto begun = std::chrono::steady_clock::now();
  std::atomic<int> calls = 0;
  {
    const Ticker ticker(3'600'000, [&](const Context&) { ++calls; });
  }
  EXPECT_EQ(calls, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::minutes(1));
}

TEST(TickerTest, CallWithoutMemoryIsFollowedByOthers) {
  std::atomic<int> calls = 0;
  const Ticker ticker(1, [&](const Context&) {
    if (++calls == 1) throw std::bad_alloc();
  });
  while (calls < 3) std::this_thread::yield();
}

}  // namespace
}  // namespace vecdb::base
