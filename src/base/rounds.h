#ifndef VECDB_BASE_ROUNDS_H_
#define VECDB_BASE_ROUNDS_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "vecdb/context.h"

namespace vecdb::base {

/// Work that is done once for all who wait for it, one round at a time: a caller is served by a
/// round that has begun after its call, of which one does for all that have come before it. However
/// many call at a time, each waits for two rounds at most: one that runs, and the next.
/// Thread-safe.
class Rounds {
 public:
  /// Returns what a round came to that began after this call. Whoever finds none running runs it,
  /// on its own thread; all that wait for that round get its error, too, unless it was given up by
  /// the context of who ran it, or by an exception, which goes on to that caller alone: another of
  /// them runs the next then. Cancelled and DeadlineExceeded while waiting. Not from inside of
  /// `work`.
  absl::Status Join(absl::FunctionRef<absl::Status()> work, const Context& context);

  /// How many callers wait for others now.
  int num_waiting() const;

 private:
  class Running;

  // The number of a round that is to be run by the caller; 0 when `*outcome` is that of another's.
  uint64_t AwaitOther(const Context& context, absl::Status* outcome);
  // What a call that has seen `seen` rounds begin is served with.
  bool IsServed(uint64_t seen, absl::Status* outcome) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;  // a leaf
  CondVar ended_one_;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  int num_waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  // Rounds are numbered from 1. Those that were given up have begun, and have not ended.
  uint64_t begun_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t ended_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t succeeded_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status last_error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_ROUNDS_H_
