#ifndef VECDB_BASE_TICKER_H_
#define VECDB_BASE_TICKER_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "base/mutex.h"
#include "base/split_mix.h"
#include "vecdb/context.h"
#include "vecdb/executor.h"

namespace vecdb::base {

/// Calls a function again and again on a thread of its own, which ends with this. From the end of a
/// call to the next it waits so many milliseconds, a tenth more or less by chance. Thread-safe.
class Ticker {
 public:
  /// `tick` is to come to its end soon once its context is cancelled. `interval_ms` is 1 or more.
  Ticker(int64_t interval_ms, std::function<void(const Context&)> tick);

  /// Cancels the call that runs and waits for its end.
  ~Ticker();

  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  void Run();
  /// False when there is to be no further call.
  bool AwaitNext();

  const int64_t interval_ms_;
  const std::function<void(const Context&)> tick_;
  const CancelToken cancel_ = CancelToken::Make();
  SplitMix random_;  // of the thread
  Mutex mutex_;      // a leaf
  CondVar stopped_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<Executor> thread_;
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_TICKER_H_
