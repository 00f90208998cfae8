#ifndef VECDB_BASE_GATE_H_
#define VECDB_BASE_GATE_H_

#include <optional>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "vecdb/context.h"

namespace vecdb::base {

/// Lets one through at a time, for work that may take long: whoever waits honours deadline and
/// cancel. A holder may do I/O, which no Mutex allows. Not reentrant.
class Gate {
 public:
  /// Held for a scope.
  class Pass {
   public:
    explicit Pass(Gate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(other.gate_) { other.gate_ = nullptr; }
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->Leave();
    }

   private:
    Gate* gate_;
  };

  /// Waits for its turn. Cancelled or DeadlineExceeded when that does not come.
  absl::StatusOr<Pass> Enter(const Context& context);

  /// The same without waiting: nothing when somebody is inside.
  std::optional<Pass> TryEnter();

 private:
  void Leave();

  Mutex mutex_;  // a leaf
  CondVar left_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_GATE_H_
