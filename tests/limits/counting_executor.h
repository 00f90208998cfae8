#ifndef VECDB_LIMITS_COUNTING_EXECUTOR_H_
#define VECDB_LIMITS_COUNTING_EXECUTOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "vecdb/executor.h"

namespace vecdb::support {

/// A host's executor on threads of its own, which knows when it has nothing to do. Thread-safe.
class CountingExecutor : public Executor {
 public:
  explicit CountingExecutor(int num_threads) : pool_(MakeThreadPool(num_threads)) {}

  void Schedule(Priority priority, std::function<void()> task) override {
    {
      base::MutexLock lock(&mutex_);
      ++num_tasks_;
    }
    pool_->Schedule(priority, [this, task = std::move(task)]() mutable {
      task();
      task = nullptr;  // what it holds is gone before the executor is idle
      base::MutexLock lock(&mutex_);
      if (--num_tasks_ == 0) idle_.NotifyAll();
    });
  }
  int num_threads() const override { return pool_->num_threads(); }

  /// Waits until every task has been run, those that tasks have scheduled too.
  void AwaitIdle() {
    base::MutexLock lock(&mutex_);
    while (num_tasks_ > 0) idle_.Wait(&mutex_);
  }

 private:
  base::Mutex mutex_;  // a leaf
  base::CondVar idle_;
  uint64_t num_tasks_ ABSL_GUARDED_BY(mutex_) = 0;
  const std::unique_ptr<Executor> pool_;  // last: its threads use what is above
};

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_COUNTING_EXECUTOR_H_
