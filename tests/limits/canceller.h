#ifndef VECDB_LIMITS_CANCELLER_H_
#define VECDB_LIMITS_CANCELLER_H_

#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "limits/latencies.h"
#include "vecdb/context.h"

namespace vecdb::support {

/// Cancels a token at a time, on a thread of its own. One token at a time.
class Canceller {
 public:
  Canceller() : thread_([this] { Run(); }) {}
  ~Canceller() {
    {
      base::MutexLock lock(&mutex_);
      is_over_ = true;
      changed_.NotifyAll();
    }
    thread_.join();
  }

  void CancelAt(SteadyTime time, const CancelToken& token) {
    base::MutexLock lock(&mutex_);
    time_ = time;
    token_ = token;
    cancelled_at_.reset();
    changed_.NotifyAll();
  }

  /// Forgets the token; when it was cancelled, if it was.
  std::optional<SteadyTime> Stop() {
    base::MutexLock lock(&mutex_);
    time_.reset();
    return cancelled_at_;
  }

 private:
  void Run() {
    base::MutexLock lock(&mutex_);
    while (!is_over_) {
      if (!time_.has_value()) {
        changed_.Wait(&mutex_);
      } else if (std::chrono::steady_clock::now() < *time_) {
        changed_.WaitUntil(&mutex_, *time_);
      } else {
        cancelled_at_ = std::chrono::steady_clock::now();
        token_.Cancel();
        time_.reset();
      }
    }
  }

  base::Mutex mutex_;  // a leaf
  base::CondVar changed_;
  bool is_over_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<SteadyTime> time_ ABSL_GUARDED_BY(mutex_);
  std::optional<SteadyTime> cancelled_at_ ABSL_GUARDED_BY(mutex_);
  CancelToken token_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses what is above
};

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_CANCELLER_H_
