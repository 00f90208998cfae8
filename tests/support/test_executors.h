#ifndef VECDB_SUPPORT_TEST_EXECUTORS_H_
#define VECDB_SUPPORT_TEST_EXECUTORS_H_

#include <deque>
#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "vecdb/executor.h"

namespace vecdb::support {

/// Keeps tasks until the test runs them, or for ever. Thread-safe.
class ManualExecutor : public Executor {
 public:
  /// `num_threads` is what it claims to have; it has none.
  explicit ManualExecutor(int num_threads = 0) : num_threads_(num_threads) {}

  void Schedule(Priority, std::function<void()> task) override {
    base::MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
  }
  int num_threads() const override { return num_threads_; }

  size_t num_tasks() const {
    base::MutexLock lock(&mutex_);
    return tasks_.size();
  }

  /// Runs what is there, and what that schedules, on the calling thread.
  void RunAll() {
    while (std::function<void()> task = Next()) task();
  }

 private:
  std::function<void()> Next() {
    base::MutexLock lock(&mutex_);
    if (tasks_.empty()) return nullptr;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  const int num_threads_;
  mutable base::Mutex mutex_;  // a leaf
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_TEST_EXECUTORS_H_
