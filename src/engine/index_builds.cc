#include "engine/index_builds.h"

#include <algorithm>
#include <new>

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
  const std::shared_ptr<IndexBuild> build(new IndexBuild{.name = name});
  // Whoever loses it without having ended it, for want of memory, ends it by that.
  std::shared_ptr<IndexBuild> claim(build.get(), [this, build](IndexBuild*) { EndLost(*build); });
  base::MutexLock lock(&mutex_);
  if (Find(name) != nullptr) return nullptr;
  running_.push_back(build);
  return claim;
}

void IndexBuilds::EndLost(const IndexBuild& build) {
  base::MutexLock lock(&mutex_);
  Remove(build);
}

void IndexBuilds::Remove(const IndexBuild& build) {
  if (std::erase_if(running_, [&build](const auto& one) { return one.get() == &build; }) == 0) {
    return;
  }
  ++num_ended_;
  ended_.NotifyAll();
}

// Without memory it is not kept.
void IndexBuilds::NoteError(const BuildName& name, const absl::Status& status) {
  try {
    errors_[name] = std::string(status.message());
  } catch (const std::bad_alloc&) {
    return;
  }
}

void IndexBuilds::End(const IndexBuild& build, const absl::Status& status) {
  base::MutexLock lock(&mutex_);
  if (status.ok()) errors_.erase(build.name);
  if (!status.ok() && !absl::IsCancelled(status) && !absl::IsDeadlineExceeded(status)) {
    NoteError(build.name, status);
  }
  Remove(build);
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
