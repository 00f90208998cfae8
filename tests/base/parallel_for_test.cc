#include "base/parallel_for.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::base {
namespace {

using support::CodeOf;

// Keeps tasks until the host runs them, as one that drives them itself, or is busy for ever.
class LazyExecutor : public Executor {
 public:
  explicit LazyExecutor(int num_threads) : num_threads_(num_threads) {}

  void Schedule(Priority, std::function<void()> task) override {
    tasks_.push_back(std::move(task));
  }
  int num_threads() const override { return num_threads_; }

  size_t num_tasks() const { return tasks_.size(); }
  void RunAll() {
    for (const auto& task : std::exchange(tasks_, {})) task();
  }

 private:
  const int num_threads_;
  std::vector<std::function<void()>> tasks_;
};

TEST(ParallelForTest, RunsEveryPieceOnceWhateverTheExecutor) {
  for (const int threads : {-1, 0, 1, 2, 4}) {
    const auto pool = threads > 0 ? MakeThreadPool(threads) : nullptr;
    LazyExecutor lazy(threads);
    Executor* executor = threads == 0 ? static_cast<Executor*>(&lazy) : pool.get();
    for (const size_t pieces : {0u, 1u, 2u, 3u, 100u}) {
      std::vector<std::atomic<int>> runs(pieces);
      EXPECT_OK(ParallelFor(executor, Priority::kSearch, pieces, {}, [&](size_t piece, size_t) {
        ++runs[piece];
        return absl::OkStatus();
      }));
      for (const auto& count : runs) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ParallelForTest, StrandsStayBelowTheirMaximum) {
  const auto pool = MakeThreadPool(3);
  EXPECT_EQ(MaxStrands(nullptr), 1u);
  EXPECT_EQ(MaxStrands(pool.get()), 3u);
  LazyExecutor none(0);
  EXPECT_EQ(MaxStrands(&none), 1u);
  std::atomic<size_t> most = 0;
  ASSERT_OK(ParallelFor(pool.get(), Priority::kSearch, 200, {}, [&](size_t, size_t strand) {
    size_t seen = most;
    while (strand > seen && !most.compare_exchange_weak(seen, strand)) {
    }
    return absl::OkStatus();
  }));
  EXPECT_LT(most, 3u);
}

TEST(ParallelForTest, DoesNotWaitForTasksThatNeverBegin) {
  LazyExecutor busy(4);
  int runs = 0;
  ASSERT_OK(ParallelFor(&busy, Priority::kSearch, 10, {}, [&](size_t, size_t) {
    ++runs;
    return absl::OkStatus();
  }));
  EXPECT_EQ(runs, 10);
  EXPECT_EQ(busy.num_tasks(), 3u);
  busy.RunAll();  // long after the loop has ended: nothing left to do, nothing touched
  EXPECT_EQ(runs, 10);
}

TEST(ParallelForTest, NestsWithoutDeadlock) {
  const auto pool = MakeThreadPool(1);
  std::atomic<int> runs = 0;
  ASSERT_OK(ParallelFor(pool.get(), Priority::kSearch, 4, {}, [&](size_t, size_t) {
    return ParallelFor(pool.get(), Priority::kSearch, 4, {}, [&](size_t, size_t) {
      ++runs;
      return absl::OkStatus();
    });
  }));
  EXPECT_EQ(runs, 16);
}

TEST(ParallelForTest, AnErrorStopsTheLoopAndTheLowestOneWins) {
  for (const int threads : {0, 1, 4}) {
    const auto pool = threads == 0 ? nullptr : MakeThreadPool(threads);
    std::atomic<size_t> begun = 0;
    const absl::Status status =
        ParallelFor(pool.get(), Priority::kSearch, 10000, {}, [&](size_t piece, size_t) {
          ++begun;
          if (piece == 3) return absl::NotFoundError("three");
          if (piece == 5) return absl::InternalError("five");
          return absl::OkStatus();
        });
    EXPECT_EQ(status, absl::NotFoundError("three"));
    EXPECT_LT(begun, 10000u);
  }
}

TEST(ParallelForTest, HonoursCancelAndDeadlineBetweenPieces) {
  for (const int threads : {0, 2}) {
    const auto pool = threads == 0 ? nullptr : MakeThreadPool(threads);
    std::atomic<int> runs = 0;
    const auto count = [&](size_t, size_t) {
      ++runs;
      return absl::OkStatus();
    };
    EXPECT_EQ(
        CodeOf(ParallelFor(pool.get(), Priority::kSearch, 9, support::CancelledContext(), count)),
        absl::StatusCode::kCancelled);
    EXPECT_EQ(CodeOf(ParallelFor(pool.get(), Priority::kSearch, 9,
                                 Context::WithTimeout(absl::ZeroDuration()), count)),
              absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(runs, 0);
    const Context context{.cancel = CancelToken::Make()};
    EXPECT_EQ(CodeOf(ParallelFor(pool.get(), Priority::kSearch, 10000, context,
                                 [&](size_t, size_t) {
                                   if (++runs == 10) context.cancel.Cancel();
                                   return absl::OkStatus();
                                 })),
              absl::StatusCode::kCancelled);
    EXPECT_LT(runs, 10000);
  }
}

}  // namespace
}  // namespace vecdb::base
