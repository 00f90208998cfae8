#include "base/gate.h"

#include <algorithm>
#include <chrono>

#include "base/status_macros.h"

namespace vecdb::base {

absl::StatusOr<Gate::Pass> Gate::Enter(const Context& context) {
  MutexLock lock(&mutex_);
  while (busy_) {
    VECDB_RETURN_IF_ERROR(context.Check());
    // A cancel does not signal this condition variable, so look at it now and then.
    const auto look_again = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
    left_.WaitUntil(&mutex_, std::min(context.deadline, look_again));
  }
  busy_ = true;
  return Pass(this);
}

void Gate::Leave() {
  MutexLock lock(&mutex_);
  busy_ = false;
  left_.NotifyOne();
}

}  // namespace vecdb::base
