#include "support/sim_executor.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "support/fake_clock.h"

namespace vecdb::support {
namespace {

// Runs three tasks, of which "a" schedules a fourth, and gives their order.
std::string OrderOf(uint64_t seed) {
  SimExecutor executor;
  SeededRandom random(seed);
  std::string order;
  executor.Schedule(Priority::kSearch, [&] {
    order += 'a';
    executor.Schedule(Priority::kSearch, [&] { order += 'd'; });
  });
  executor.Schedule(Priority::kFlush, [&] { order += 'b'; });
  executor.Schedule(Priority::kBackground, [&] { order += 'c'; });
  executor.RunAll(random);
  EXPECT_EQ(executor.num_tasks(), 0u);
  return order;
}

TEST(SimExecutorTest, RunsTasksInEveryOrderOverTheSeeds) {
  std::set<std::string> orders;
  for (uint64_t seed = 0; seed < 500; ++seed) orders.insert(OrderOf(seed));
  // Of the 24 orders of four, half have "d" behind "a".
  EXPECT_EQ(orders.size(), 12u);
  for (const std::string& order : orders) {
    EXPECT_EQ(order.size(), 4u);
    EXPECT_LT(order.find('a'), order.find('d')) << order;
  }
}

TEST(SimExecutorTest, OneSeedGivesOneOrder) {
  for (uint64_t seed = 0; seed < 20; ++seed) EXPECT_EQ(OrderOf(seed), OrderOf(seed));
}

TEST(SimExecutorTest, RunOneRunsOneAndNeverInsideSchedule) {
  SimExecutor executor(3);
  SeededRandom random(1);
  int runs = 0;
  EXPECT_EQ(executor.num_threads(), 3);
  EXPECT_FALSE(executor.RunOne(random));
  for (int i = 0; i < 2; ++i) executor.Schedule(Priority::kFlush, [&] { ++runs; });
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(executor.num_tasks(), 2u);
  EXPECT_TRUE(executor.RunOne(random));
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(executor.num_tasks(), 1u);
  EXPECT_TRUE(executor.RunOne(random));
  EXPECT_FALSE(executor.RunOne(random));
  EXPECT_EQ(runs, 2);
}

uint64_t HashOf(std::initializer_list<std::string_view> events) {
  EventHash hash;
  for (const std::string_view event : events) hash.Add(event);
  EXPECT_EQ(hash.num_events(), events.size());
  return hash.value();
}

TEST(EventHashTest, TellsEventsTheirOrderAndTheirBoundsApart) {
  const std::set<uint64_t> values = {HashOf({}),          HashOf({""}),       HashOf({"", ""}),
                                     HashOf({"a"}),       HashOf({"a", ""}),  HashOf({"a", "b"}),
                                     HashOf({"ab"}),      HashOf({"b", "a"}), HashOf({"ab", "c"}),
                                     HashOf({"a", "bc"}), HashOf({"a", "a"})};
  EXPECT_EQ(values.size(), 11u);
  EXPECT_EQ(HashOf({"a", "b", "c"}), HashOf({"a", "b", "c"}));
}

TEST(FakeClockTest, MovesWhenTold) {
  FakeClock clock(1000);
  EXPECT_EQ(clock.NowMillis(), 1000);
  EXPECT_EQ(clock.NowMillis(), 1000);
  clock.Advance(50);
  EXPECT_EQ(clock.NowMillis(), 1050);
  clock.Advance(-100);
  EXPECT_EQ(clock.NowMillis(), 950);
  clock.Set(7);
  EXPECT_EQ(clock.NowMillis(), 7);
}

}  // namespace
}  // namespace vecdb::support
