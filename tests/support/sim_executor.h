#ifndef VECDB_SUPPORT_SIM_EXECUTOR_H_
#define VECDB_SUPPORT_SIM_EXECUTOR_H_

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "support/seeded_random.h"
#include "vecdb/executor.h"

namespace vecdb::support {

/// Keeps tasks until the test runs them, one at a time and in an order drawn at random, whatever
/// their priority: one seed, one history. Thread-safe, but a history is repeatable only when one
/// thread schedules and runs.
class SimExecutor : public Executor {
 public:
  /// `num_threads` is what it claims to have; it has none.
  explicit SimExecutor(int num_threads = 0) : num_threads_(num_threads) {}

  void Schedule(Priority priority, std::function<void()> task) override;
  int num_threads() const override { return num_threads_; }
  size_t num_tasks() const;

  /// Runs one task on the calling thread. False when there is none.
  bool RunOne(SeededRandom& random);

  /// Runs what is there, and what that schedules.
  void RunAll(SeededRandom& random);

 private:
  std::function<void()> Take(SeededRandom& random);

  const int num_threads_;
  mutable base::Mutex mutex_;  // a leaf
  std::vector<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
};

/// A hash of events in their order: two runs of one seed must end with the same. Thread-compatible.
class EventHash {
 public:
  void Add(std::string_view event);

  uint64_t value() const { return value_; }
  uint64_t num_events() const { return num_events_; }

 private:
  uint64_t value_ = 0;
  uint64_t num_events_ = 0;
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_SIM_EXECUTOR_H_
