#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/parallel_for.h"
#include "support/status_testing.h"

namespace vecdb::base {
namespace {

// Keeps what it is to run.
class KeepingExecutor final : public Executor {
 public:
  void Schedule(Priority, std::function<void()> task) override { tasks.push_back(std::move(task)); }
  int num_threads() const override { return 2; }

  std::vector<std::function<void()>> tasks;
};

TEST(ParallelForRaceTest, ResultsAndStrandScratchNeedNoLocks) {
  const auto pool = MakeThreadPool(4);
  for (int round = 0; round < 50; ++round) {
    std::vector<size_t> results(100);                     // by piece: plain writes
    std::vector<size_t> scratch(MaxStrands(pool.get()));  // by strand: plain writes
    ASSERT_OK(ParallelFor(pool.get(), Priority::kSearch, results.size(), {},
                          [&](size_t piece, size_t strand) {
                            scratch[strand] += piece;
                            results[piece] = piece + 1;
                            return absl::OkStatus();
                          }));
    size_t sum = 0;
    for (size_t part : scratch) sum += part;
    EXPECT_EQ(sum, results.size() * (results.size() - 1) / 2);
    for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i], i + 1);
  }
}

TEST(ParallelForRaceTest, ManyCallersShareOnePool) {
  const auto pool = MakeThreadPool(2);
  std::atomic<size_t> total = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int round = 0; round < 30; ++round) {
        std::vector<size_t> results(17);
        ASSERT_OK(ParallelFor(pool.get(), Priority::kFlush, results.size(), {},
                              [&](size_t piece, size_t) {
                                results[piece] = 1;
                                return absl::OkStatus();
                              }));
        for (size_t result : results) total += result;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, 4u * 30u * 17u);
}

TEST(ParallelForRaceTest, PoolMayDieWithStrandsThatNeverBegan) {
  for (int round = 0; round < 30; ++round) {
    auto pool = MakeThreadPool(2);
    std::atomic<int> runs = 0;
    ASSERT_OK(ParallelFor(pool.get(), Priority::kSearch, 3, {}, [&](size_t, size_t) {
      ++runs;
      return absl::OkStatus();
    }));
    EXPECT_EQ(runs, 3);
  }
}

// ThreadSanitizer does not see how absl, which it has not compiled, counts the users of an error:
// one that two threads share looks like a race when the second lets go of it.
TEST(ParallelForRaceTest, ALoopThatIsLetGoOfLateSharesNoErrorWithItsCaller) {
  KeepingExecutor executor;
  std::atomic<bool> scheduled = false;
  std::atomic<bool> done = false;
  std::thread other([&] {
    while (!scheduled.load(std::memory_order_acquire)) std::this_thread::yield();
    while (!done.load(std::memory_order_relaxed)) std::this_thread::yield();  // orders nothing
    executor.tasks.clear();
  });
  {
    const absl::Status status =
        ParallelFor(&executor, Priority::kFlush, 2, {}, [&scheduled](size_t, size_t) {
          scheduled.store(true, std::memory_order_release);
          return absl::InternalError("of a piece");
        });
    const absl::Status copy = status;
    EXPECT_EQ(copy.message(), "of a piece");
  }
  done.store(true, std::memory_order_relaxed);
  other.join();
}

}  // namespace
}  // namespace vecdb::base
