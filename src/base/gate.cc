#include "base/gate.h"

#include "base/look_again.h"
#include "base/status_macros.h"

namespace vecdb::base {

absl::StatusOr<Gate::Pass> Gate::Enter(const Context& context) {
  MutexLock lock(&mutex_);
  while (busy_) {
    VECDB_RETURN_IF_ERROR(context.Check());
    left_.WaitUntil(&mutex_, LookAgain(context));
  }
  busy_ = true;
  return Pass(this);
}

std::optional<Gate::Pass> Gate::TryEnter() {
  MutexLock lock(&mutex_);
  if (busy_) return std::nullopt;
  busy_ = true;
  return std::optional<Pass>(std::in_place, this);
}

void Gate::Leave() {
  MutexLock lock(&mutex_);
  busy_ = false;
  left_.NotifyOne();
}

}  // namespace vecdb::base
