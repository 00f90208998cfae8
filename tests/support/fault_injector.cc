#include "support/fault_injector.h"

#include <utility>

namespace vecdb::support {
namespace {

bool Matches(const Fault& fault, std::string_view call, std::string_view path) {
  return (fault.call.empty() || fault.call == call) &&
         path.find(fault.path_contains) != std::string_view::npos;
}

}  // namespace

void FaultInjector::Arm(Fault fault) {
  base::MutexLock lock(&mutex_);
  random_ = SeededRandom(fault.seed);
  fault_ = std::move(fault);
  num_matched_ = 0;
  calls_.clear();
}

void FaultInjector::Disarm() {
  base::MutexLock lock(&mutex_);
  fault_.reset();
  num_matched_ = 0;
  calls_.clear();
}

void FaultInjector::ArmOdds(uint64_t seed, uint64_t one_in, FaultMode mode, absl::Status error) {
  Arm({.one_in = one_in, .seed = seed, .mode = mode, .error = std::move(error)});
}

std::vector<std::string> FaultInjector::calls() const {
  base::MutexLock lock(&mutex_);
  return calls_;
}

int FaultInjector::numbered() const {
  base::MutexLock lock(&mutex_);
  return static_cast<int>(calls_.size());
}

int FaultInjector::num_matched() const {
  base::MutexLock lock(&mutex_);
  return num_matched_;
}

std::optional<Fault> FaultInjector::Next(std::string_view call, std::string_view path) {
  base::MutexLock lock(&mutex_);
  calls_.emplace_back(call);
  if (fault_.has_value() && !Matches(*fault_, call, path)) return std::nullopt;
  ++num_matched_;
  return fault_.has_value() && IsDue(*fault_) ? fault_ : std::nullopt;
}

bool FaultInjector::IsDue(const Fault& fault) {
  if (fault.one_in > 0) return random_.OneIn(fault.one_in);
  return num_matched_ == fault.nth || (fault.sticky && num_matched_ > fault.nth);
}

bool FaultInjector::IsSlow(const Fault& fault) {
  if (fault.mode != FaultMode::kSlow) return false;
  if (fault.on_slow != nullptr) fault.on_slow();
  return true;
}

}  // namespace vecdb::support
