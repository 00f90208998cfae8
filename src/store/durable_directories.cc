#include "store/durable_directories.h"

#include "base/file_path.h"

namespace vecdb::store {

DurableDirectories::Making::Making(DurableDirectories* durable, std::string_view directory)
    : durable_(durable) {
  base::MutexLock lock(&durable_->mutex_);
  ++durable_->generation_;
  ++durable_->making_;
  for (; !directory.empty(); directory = base::ParentPath(directory)) {
    const auto found = durable_->directories_.find(directory);
    if (found != durable_->directories_.end()) durable_->directories_.erase(found);
  }
}

DurableDirectories::Making::~Making() {
  base::MutexLock lock(&durable_->mutex_);
  --durable_->making_;
}

bool DurableDirectories::Contains(std::string_view directory) const {
  base::MutexLock lock(&mutex_);
  return directories_.contains(directory);
}

uint64_t DurableDirectories::generation() const {
  base::MutexLock lock(&mutex_);
  return making_ == 0 ? generation_ : kNeverAdded;
}

void DurableDirectories::Add(std::string_view directory, uint64_t generation) {
  base::MutexLock lock(&mutex_);
  if (generation == generation_) directories_.emplace(directory);
}

void DurableDirectories::Forget(std::string_view directory) {
  base::MutexLock lock(&mutex_);
  const auto found = directories_.find(directory);
  if (found != directories_.end()) directories_.erase(found);
}

}  // namespace vecdb::store
