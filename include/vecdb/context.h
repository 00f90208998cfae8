#ifndef VECDB_CONTEXT_H_
#define VECDB_CONTEXT_H_

#include <chrono>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace vecdb {

/// Says from another thread that a call is no longer wanted.
///
/// Copies share one flag. A default token can never be cancelled and costs nothing. Thread-safe.
///
///     auto token = CancelToken::Make();
///     std::thread watcher([token] { WaitForUser(); token.Cancel(); });
///     auto result = docs->Search(request, {.cancel = token});   // Cancelled, soon after
class CancelToken {
 public:
  CancelToken() = default;

  /// Makes a token that can be cancelled.
  static CancelToken Make();

  /// Makes a token that is cancelled with either of two others, or by itself.
  static CancelToken AnyOf(CancelToken a, CancelToken b);

  /// Asks every call that holds a copy of this token to stop. Idempotent; no effect on a default
  /// token.
  void Cancel() const;

  bool cancelled() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// How long a call may take, and who may stop it. Passed last to every call that may block.
///
/// A search looks at it at least once a millisecond, other calls within 50 ms. A call that stops
/// early returns DeadlineExceeded or Cancelled and leaves no trace but what it had already
/// acknowledged. A value: copy it freely.
struct Context {
  /// A point on the monotonic clock, so that setting the host's time does not move it.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  CancelToken cancel{};

  /// A context whose deadline is `timeout` from now. A zero or negative timeout has already passed.
  static Context WithTimeout(absl::Duration timeout);

  /// OK, or Cancelled, or DeadlineExceeded. The cancel token is looked at first.
  absl::Status Check() const;
};

}  // namespace vecdb

#endif  // VECDB_CONTEXT_H_
