#include "base/rounds.h"

#include <utility>

#include "base/look_again.h"

namespace vecdb::base {

// A round from its beginning on: ends it, however it is left.
class Rounds::Running {
 public:
  Running(Rounds* rounds, uint64_t number) : rounds_(rounds), number_(number) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    MutexLock lock(&rounds_->mutex_);
    rounds_->running_ = false;
    if (has_outcome_) {
      rounds_->ended_ = number_;
      if (outcome_.ok()) rounds_->succeeded_ = number_;
      if (!outcome_.ok()) rounds_->last_error_ = std::move(outcome_);
    }
    rounds_->ended_one_.NotifyAll();
  }
  void SetOutcome(absl::Status outcome) {
    outcome_ = std::move(outcome);
    has_outcome_ = true;
  }

 private:
  Rounds* const rounds_;
  const uint64_t number_;
  bool has_outcome_ = false;
  absl::Status outcome_;
};

absl::Status Rounds::Join(absl::FunctionRef<absl::Status()> work, const Context& context) {
  absl::Status outcome;
  const uint64_t number = AwaitOther(context, &outcome);
  if (number == 0) return outcome;
  Running running(this, number);
  outcome = work();
  const bool is_stopped = absl::IsCancelled(outcome) || absl::IsDeadlineExceeded(outcome);
  if (!is_stopped || context.Check().ok()) running.SetOutcome(outcome);
  return outcome;
}

int Rounds::num_waiting() const {
  MutexLock lock(&mutex_);
  return num_waiting_;
}

bool Rounds::IsServed(uint64_t seen, absl::Status* outcome) const {
  if (succeeded_ <= seen && ended_ <= seen) return false;
  *outcome = succeeded_ > seen ? absl::OkStatus() : last_error_;
  return true;
}

uint64_t Rounds::AwaitOther(const Context& context, absl::Status* outcome) {
  MutexLock lock(&mutex_);
  const uint64_t seen = begun_;
  while (!IsServed(seen, outcome)) {
    if (!running_) {
      running_ = true;
      return ++begun_;
    }
    *outcome = context.Check();
    if (!outcome->ok()) return 0;
    ++num_waiting_;
    ended_one_.WaitUntil(&mutex_, LookAgain(context));
    --num_waiting_;
  }
  return 0;
}

}  // namespace vecdb::base
