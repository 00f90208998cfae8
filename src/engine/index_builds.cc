#include "engine/index_builds.h"

#include <algorithm>

#include "base/look_again.h"
#include "base/status_macros.h"

namespace vecdb::engine {

const IndexBuild* IndexBuilds::Find(const BuildName& name) const {
  for (const std::shared_ptr<IndexBuild>& build : running_) {
    if (build->name == name) return build.get();
  }
  return nullptr;
}

bool IndexBuilds::AnyOf(std::string_view field) const {
  return std::any_of(running_.begin(), running_.end(), [field](const auto& build) {
    return field.empty() || build->name.first == field;
  });
}

std::shared_ptr<IndexBuild> IndexBuilds::Begin(const BuildName& name) {
  base::MutexLock lock(&mutex_);
  if (Find(name) != nullptr) return nullptr;
  running_.push_back(std::shared_ptr<IndexBuild>(new IndexBuild{.name = name}));
  return running_.back();
}

void IndexBuilds::End(const IndexBuild& build, const absl::Status& status) {
  base::MutexLock lock(&mutex_);
  if (status.ok()) errors_.erase(build.name);
  if (!status.ok() && !absl::IsCancelled(status) && !absl::IsDeadlineExceeded(status)) {
    errors_[build.name] = std::string(status.message());
  }
  std::erase_if(running_, [&build](const auto& other) { return other.get() == &build; });
  ++num_ended_;
  ended_.NotifyAll();
}

void IndexBuilds::Cancel(std::string_view field) {
  base::MutexLock lock(&mutex_);
  for (const std::shared_ptr<IndexBuild>& build : running_) {
    if (build->name.first == field) build->cancel.Cancel();
  }
  std::erase_if(errors_, [field](const auto& error) { return error.first.first == field; });
}

bool IndexBuilds::IsRunning(const BuildName& name) const {
  base::MutexLock lock(&mutex_);
  return Find(name) != nullptr;
}

uint64_t IndexBuilds::RowsDone(const BuildName& name) const {
  base::MutexLock lock(&mutex_);
  const IndexBuild* build = Find(name);
  return build == nullptr ? 0 : build->rows_done.load();
}

std::string IndexBuilds::LastError(const BuildName& name) const {
  base::MutexLock lock(&mutex_);
  const auto error = errors_.find(name);
  return error == errors_.end() ? "" : error->second;
}

uint64_t IndexBuilds::num_ended() const {
  base::MutexLock lock(&mutex_);
  return num_ended_;
}

absl::StatusOr<bool> IndexBuilds::WaitForEnd(std::string_view field, uint64_t num_seen,
                                             const Context& context) {
  base::MutexLock lock(&mutex_);
  if (num_ended_ == num_seen && !AnyOf(field)) return false;
  while (num_ended_ == num_seen) {
    VECDB_RETURN_IF_ERROR(context.Check());
    ended_.WaitUntil(&mutex_, base::LookAgain(context));
  }
  return true;
}

}  // namespace vecdb::engine
