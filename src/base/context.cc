#include "vecdb/context.h"

#include <atomic>
#include <utility>

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

struct CancelToken::State {
  // Relaxed on both sides: the flag publishes nothing but itself.
  std::atomic<bool> flag = false;
  CancelToken a;
  CancelToken b;
};

CancelToken CancelToken::Make() { return AnyOf({}, {}); }

CancelToken CancelToken::AnyOf(CancelToken a, CancelToken b) {
  CancelToken token;
  token.state_ = std::make_shared<State>();
  token.state_->a = std::move(a);
  token.state_->b = std::move(b);
  return token;
}

void CancelToken::Cancel() const {
  if (state_ != nullptr) state_->flag.store(true, std::memory_order_relaxed);
}

bool CancelToken::cancelled() const {
  if (state_ == nullptr) return false;
  return state_->flag.load(std::memory_order_relaxed) || state_->a.cancelled() ||
         state_->b.cancelled();
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
