#include "vecdb/context.h"

namespace vecdb {
namespace {

using SteadyClock = std::chrono::steady_clock;

SteadyClock::time_point DeadlineAfter(absl::Duration timeout, SteadyClock::time_point now) {
  if (timeout <= absl::ZeroDuration()) return now;
  const absl::Duration left = absl::FromChrono(SteadyClock::time_point::max() - now);
  if (timeout >= left) return SteadyClock::time_point::max();
  return now + absl::ToChronoNanoseconds(timeout);
}

}  // namespace

CancelToken CancelToken::Make() {
  CancelToken token;
  token.flag_ = std::make_shared<std::atomic<bool>>(false);
  return token;
}

// Relaxed on both sides: the flag publishes nothing but itself.
void CancelToken::Cancel() const {
  if (flag_ != nullptr) flag_->store(true, std::memory_order_relaxed);
}

bool CancelToken::cancelled() const {
  return flag_ != nullptr && flag_->load(std::memory_order_relaxed);
}

Context Context::WithTimeout(absl::Duration timeout) {
  return {.deadline = DeadlineAfter(timeout, SteadyClock::now())};
}

absl::Status Context::Check() const {
  if (cancel.cancelled()) return absl::CancelledError("the call was cancelled");
  // The clock is read only where there is a deadline: inner loops call this often.
  if (deadline != SteadyClock::time_point::max() && SteadyClock::now() >= deadline) {
    return absl::DeadlineExceededError("the deadline of the call has passed");
  }
  return absl::OkStatus();
}

}  // namespace vecdb
