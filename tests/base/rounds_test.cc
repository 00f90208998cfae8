#include "base/rounds.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <new>
#include <thread>
#include <vector>

#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::base {
namespace {

using support::CodeOf;

// Rounds whose first one calls `during_`, with threads that join meanwhile.
class RoundsTest : public ::testing::Test {
 protected:
  absl::Status Join(const Context& context = {}) {
    return rounds_.Join(
        [this] {
          if (++num_rounds_ == 1) return during_();
          return later_;
        },
        context);
  }
  // Begins calls on threads of their own, and waits until they wait.
  void BeginCalls(int count) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this] {
        const absl::Status status = Join();
        ++(status.ok() ? num_ok_ : num_failed_);
      });
    }
    while (rounds_.num_waiting() < count) std::this_thread::yield();
  }
  void AwaitCalls() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  Rounds rounds_;
  std::function<absl::Status()> during_ = [] { return absl::OkStatus(); };
  absl::Status later_;
  std::atomic<int> num_rounds_ = 0;
  std::atomic<int> num_ok_ = 0;
  std::atomic<int> num_failed_ = 0;
  std::vector<std::thread> threads_;
};

TEST_F(RoundsTest, EachCallThatIsAloneIsARound) {
  for (int i = 1; i <= 3; ++i) {
    EXPECT_OK(Join());
    EXPECT_EQ(num_rounds_, i);
  }
  later_ = absl::UnavailableError("away");
  EXPECT_EQ(Join(), later_);
  later_ = absl::OkStatus();
  EXPECT_OK(Join());
  EXPECT_EQ(rounds_.num_waiting(), 0);
}

TEST_F(RoundsTest, AllThatComeDuringARoundShareTheNext) {
  during_ = [this] {
    BeginCalls(8);
    return absl::OkStatus();
  };
  EXPECT_OK(Join());
  AwaitCalls();
  EXPECT_EQ(num_rounds_, 2);
  EXPECT_EQ(num_ok_, 8);
}

TEST_F(RoundsTest, ErrorIsThatOfAllWhoWaitedForTheRound) {
  during_ = [this] {
    BeginCalls(8);
    return absl::UnavailableError("of the first alone");
  };
  later_ = absl::DataLossError("of the second");
  EXPECT_EQ(CodeOf(Join()), absl::StatusCode::kUnavailable);
  AwaitCalls();
  EXPECT_EQ(num_rounds_, 2);
  EXPECT_EQ(num_failed_, 8);
}

TEST_F(RoundsTest, RoundThatIsGivenUpIsRunByAnotherThatWaits) {
  const Context context{.cancel = CancelToken::Make()};
  // The second round is that of the cancelled caller, the third serves the others.
  std::atomic<int> rounds = 0;
  const auto work = [&]() -> absl::Status {
    if (++rounds > 1) return absl::OkStatus();
    BeginCalls(4);
    context.cancel.Cancel();
    return context.Check();
  };
  EXPECT_EQ(CodeOf(rounds_.Join(work, context)), absl::StatusCode::kCancelled);
  AwaitCalls();
  EXPECT_EQ(num_ok_, 4);
  EXPECT_EQ(num_rounds_, 1);
}

TEST_F(RoundsTest, ExceptionIsThatOfItsCallerAlone) {
  during_ = [this]() -> absl::Status {
    BeginCalls(4);
    throw std::bad_alloc();
  };
  EXPECT_THROW(Join().IgnoreError(), std::bad_alloc);
  AwaitCalls();
  EXPECT_EQ(num_ok_, 4);
  EXPECT_EQ(num_rounds_, 2);
}

TEST_F(RoundsTest, WaiterHonoursItsContext) {
  during_ = [this] {
    EXPECT_EQ(CodeOf(Join(Context::WithTimeout(absl::Milliseconds(5)))),
              absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(CodeOf(Join(support::CancelledContext())), absl::StatusCode::kCancelled);
    return absl::OkStatus();
  };
  EXPECT_OK(Join());
  EXPECT_EQ(num_rounds_, 1);
}

}  // namespace
}  // namespace vecdb::base
