#include "support/fault_injector.h"

#include <utility>

namespace vecdb::support {

void FaultInjector::Arm(Fault fault) {
  base::MutexLock lock(&mutex_);
  fault_ = std::move(fault);
  matched_ = 0;
  calls_.clear();
}

void FaultInjector::Disarm() {
  base::MutexLock lock(&mutex_);
  fault_.reset();
  calls_.clear();
}

std::vector<std::string> FaultInjector::calls() const {
  base::MutexLock lock(&mutex_);
  return calls_;
}

std::optional<Fault> FaultInjector::Next(std::string_view call) {
  base::MutexLock lock(&mutex_);
  calls_.emplace_back(call);
  if (!fault_.has_value()) return std::nullopt;
  if (!fault_->call.empty() && fault_->call != call) return std::nullopt;
  return ++matched_ == fault_->nth ? fault_ : std::nullopt;
}

}  // namespace vecdb::support
