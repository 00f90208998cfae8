#include "support/sim_executor.h"

#include <array>
#include <span>
#include <utility>

#include "base/checksum.h"

namespace vecdb::support {

void SimExecutor::Schedule(Priority, std::function<void()> task) {
  base::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
}

size_t SimExecutor::num_tasks() const {
  base::MutexLock lock(&mutex_);
  return tasks_.size();
}

bool SimExecutor::RunOne(SeededRandom& random) {
  const std::function<void()> task = Take(random);
  if (task != nullptr) task();
  return task != nullptr;
}

void SimExecutor::RunAll(SeededRandom& random) {
  while (RunOne(random)) {
  }
}

std::function<void()> SimExecutor::Take(SeededRandom& random) {
  base::MutexLock lock(&mutex_);
  if (tasks_.empty()) return nullptr;
  std::swap(tasks_[random.Below(tasks_.size())], tasks_.back());
  std::function<void()> task = std::move(tasks_.back());
  tasks_.pop_back();
  return task;
}

void EventHash::Add(std::string_view event) {
  const std::array<uint64_t, 3> link = {value_, num_events_++, base::Xxh3(event)};
  value_ = base::Xxh3(std::as_bytes(std::span(link)));
}

}  // namespace vecdb::support
