#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "vecdb/executor.h"

namespace vecdb {
namespace {

TEST(ThreadPoolTest, HasTheThreadsAskedForWithinItsLimits) {
  EXPECT_EQ(MakeThreadPool(3)->num_threads(), 3);
  EXPECT_EQ(MakeThreadPool(0)->num_threads(), 1);
  EXPECT_EQ(MakeThreadPool(-7)->num_threads(), 1);
}

TEST(ThreadPoolTest, RunsEachTaskOnce) {
  const auto pool = MakeThreadPool(2);
  constexpr int kTasks = 1000;
  std::atomic<int> runs = 0;
  std::latch done(kTasks);
  for (int i = 0; i < kTasks; ++i) {
    pool->Schedule(Priority::kBackground, [&] {
      ++runs;
      done.count_down();
    });
  }
  done.wait();
  EXPECT_EQ(runs, kTasks);
}

TEST(ThreadPoolTest, RunsOnAnotherThread) {
  const auto pool = MakeThreadPool(1);
  std::latch done(1);
  std::thread::id id;
  pool->Schedule(Priority::kSearch, [&] {
    id = std::this_thread::get_id();
    done.count_down();
  });
  done.wait();
  EXPECT_NE(id, std::this_thread::get_id());
}

TEST(ThreadPoolTest, TakesTheMostUrgentTaskFirstAndEqualOnesInOrder) {
  const auto pool = MakeThreadPool(1);
  std::latch begun(1);
  std::latch go(1);
  pool->Schedule(Priority::kBackground, [&] {
    begun.count_down();
    go.wait();
  });
  begun.wait();  // the only thread is busy: what follows queues up
  std::vector<int> order;
  std::latch done(5);
  const auto add = [&](Priority priority, int number) {
    pool->Schedule(priority, [&, number] {
      order.push_back(number);
      done.count_down();
    });
  };
  add(Priority::kBackground, 4);
  add(Priority::kFlush, 2);
  add(Priority::kSearch, 0);
  add(Priority::kFlush, 3);
  add(Priority::kSearch, 1);
  go.count_down();
  done.wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(ThreadPoolTest, DestructionFinishesWhatBeganAndForgetsTheRest) {
  auto pool = MakeThreadPool(1);
  std::latch begun(1);
  std::latch go(1);
  bool finished = false;
  pool->Schedule(Priority::kSearch, [&] {
    begun.count_down();
    go.wait();
    finished = true;
  });
  begun.wait();
  const auto held = std::make_shared<int>(0);
  for (int i = 0; i < 100; ++i) pool->Schedule(Priority::kSearch, [held] {});
  EXPECT_EQ(held.use_count(), 101);
  std::thread releaser([&] { go.count_down(); });
  pool.reset();
  releaser.join();
  EXPECT_TRUE(finished);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(ThreadPoolTest, TasksMayScheduleTasks) {
  const auto pool = MakeThreadPool(1);
  std::latch done(1);
  pool->Schedule(Priority::kFlush,
                 [&] { pool->Schedule(Priority::kFlush, [&] { done.count_down(); }); });
  done.wait();
}

}  // namespace
}  // namespace vecdb
