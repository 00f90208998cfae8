#include "store/thread_read_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <utility>

#include "store/read_queue_testing.h"
#include "support/fault_object_store.h"
#include "support/test_executors.h"
#include "vecdb/executor.h"
#include "vecdb/memory_budget.h"

namespace vecdb::store {
namespace {

using support::CodeOf;

constexpr size_t kThreadSlots = 8;

TEST(ThreadReadQueueTest, ReadsPagesWithAnExecutorOfAnySizeAndWithout) {
  const auto store = MakeMemoryObjectStore();
  const auto object = OpenPages(*store, 30);
  const auto pool = MakeThreadPool(3);
  support::ManualExecutor idle(4);  // claims threads and never runs a task
  for (Executor* const executor :
       {static_cast<Executor*>(nullptr), pool.get(), static_cast<Executor*>(&idle)}) {
    const auto queue =
        ThreadReadQueue::Make(object, kThreadSlots, kPageBytes, Host{.executor = executor});
    ASSERT_OK(queue);
    ExpectAllPages(**queue, kThreadSlots, 30);
    ExpectAllPages(**queue, kThreadSlots, 30);
  }
  idle.RunAll();  // finds nothing left to do, in memory that is still there
}

TEST(ThreadReadQueueTest, AnErrorOfTheStoreIsThatOfTheRead) {
  const auto injector = std::make_shared<support::FaultInjector>();
  support::FaultObjectStore store(MakeMemoryObjectStore(), injector);
  const auto object = OpenPages(store, 3);
  const auto queue = ThreadReadQueue::Make(object, 2, kPageBytes, {});
  ASSERT_OK(queue);
  injector->Arm({.call = "ReadAt", .nth = 2, .error = absl::UnavailableError("later")});
  (*queue)->Start(0, 0);
  (*queue)->Start(1, kPageBytes);
  ASSERT_OK((*queue)->Submit());
  EXPECT_OK((*queue)->Wait(0, {}));
  EXPECT_EQ(CodeOf((*queue)->Wait(1, {})), absl::StatusCode::kUnavailable);
}

TEST(ThreadReadQueueTest, AReadBeyondTheEndIsAnError) {
  const auto store = MakeMemoryObjectStore();
  const auto queue = ThreadReadQueue::Make(OpenPages(*store, 2), 1, kPageBytes, {});
  ASSERT_OK(queue);
  (*queue)->Start(0, 2 * kPageBytes);
  ASSERT_OK((*queue)->Submit());
  EXPECT_EQ(CodeOf((*queue)->Wait(0, {})), absl::StatusCode::kOutOfRange);
}

// A reader that waits until it is told to go on.
class SlowReader final : public ObjectReader {
 public:
  uint64_t size() const override { return kPageBytes; }
  absl::Status ReadAt(uint64_t, std::span<std::byte>, const Context&) const override {
    has_begun = true;
    while (!may_end) {
    }
    return absl::OkStatus();
  }
  mutable std::atomic<bool> has_begun = false;
  std::atomic<bool> may_end = false;
};

TEST(ThreadReadQueueTest, ACallThatIsCancelledLeavesAReadUnderWayBehind) {
  const auto pool = MakeThreadPool(1);
  const auto object = std::make_shared<SlowReader>();
  auto queue = ThreadReadQueue::Make(object, 1, kPageBytes, Host{.executor = pool.get()});
  ASSERT_OK(queue);
  (*queue)->Start(0, 0);
  ASSERT_OK((*queue)->Submit());
  while (!object->has_begun) {
  }
  EXPECT_EQ(CodeOf((*queue)->Wait(0, Context::WithTimeout(absl::Milliseconds(5)))),
            absl::StatusCode::kDeadlineExceeded);
  queue->reset();  // its buffers stay until the read has ended
  object->may_end = true;
}

TEST(ThreadReadQueueTest, BuffersCountAgainstTheBudget) {
  const auto store = MakeMemoryObjectStore();
  const auto object = OpenPages(*store, 1);
  MemoryBudget budget(3 * kPageBytes);
  const Host host{.budget = &budget};
  EXPECT_EQ(CodeOf(ThreadReadQueue::Make(object, 4, kPageBytes, host)),
            absl::StatusCode::kResourceExhausted);
  {
    const auto queue = ThreadReadQueue::Make(object, 2, kPageBytes, host);
    ASSERT_OK(queue);
    EXPECT_EQ(budget.used_bytes(), 3 * kPageBytes);
  }
  EXPECT_EQ(budget.used_bytes(), 0U);
}

}  // namespace
}  // namespace vecdb::store
