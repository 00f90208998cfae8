#include "engine/load_manager.h"

#include <utility>

#include "base/look_again.h"
#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/load_run.h"
#include "engine/loader.h"
#include "engine/mapped_checks.h"

namespace vecdb::engine {
namespace {

// Whether a load with `running` does all that one with `wanted` would.
bool Covers(const LoadOptions& running, const LoadOptions& wanted) {
  const bool is_all = running.fields.empty() && running.shards.empty();
  return running == wanted || (is_all && running.mode == wanted.mode);
}

bool IsContextEnd(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

absl::StatusOr<std::shared_ptr<LoadTask>> LoadManager::Begin(const LoadOptions& options) {
  VECDB_RETURN_IF_ERROR(CheckLoadOptions(*core_, *core_->Read().view, options));
  std::vector<std::shared_ptr<LoadTask>> ended;  // freed when the mutex is
  base::MutexLock lock(&mutex_);
  VECDB_RETURN_IF_ERROR(retired_);
  for (const auto& task : tasks_) {
    if (task->result().has_value() || task->cancel().cancelled()) continue;
    if (!Covers(task->options(), options)) continue;
    task->Keep();
    return task;
  }
  ended = TakeEnded();
  tasks_.push_back(
      std::make_shared<LoadTask>(options, *core_->host().clock, core_->environment().budget));
  return tasks_.back();
}

absl::StatusOr<std::shared_ptr<LoadTask>> LoadManager::Start(const LoadOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const auto task, Begin(options));
  task->Keep();
  if (!Schedule(task)) return base::OutOfMemory();
  return task;
}

absl::Status LoadManager::Wait(const std::shared_ptr<LoadTask>& task, const Context& context) {
  return AwaitEnd(task, core_->host().executor->num_threads() == 0, context);
}

absl::Status LoadManager::Load(const LoadOptions& options, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto task, Begin(options));
  const absl::Status status = AwaitEnd(task, /*at_once=*/true, context);
  if (task->result().has_value()) return status;
  bool is_kept = false;
  {
    base::MutexLock lock(&mutex_);  // nobody joins it between
    is_kept = task->is_kept();
    if (!is_kept) std::erase(tasks_, task);
  }
  if (is_kept) {
    Schedule(task);  // for who has joined
  } else {
    Stop(task.get(), status);
  }
  return status;
}

// Nobody may wait for it: without memory for that it ends.
bool LoadManager::Schedule(const std::shared_ptr<LoadTask>& task) {
  const auto run = [self = shared_from_this(), task](const Context& context) {
    if (task->TryBegin()) self->Run(task, context);
    if (context.Check().ok()) return;
    self->Stop(task.get(),
               absl::FailedPreconditionError("the collection was closed while it was loading"));
  };
  if (core_->RunBehind(Priority::kFlush, run)) return true;
  Stop(task.get(), base::OutOfMemory());
  return false;
}

absl::Status LoadManager::RunWatched(LoadTask* task, const Context& context) {
  const Context either{.deadline = context.deadline,
                       .cancel = CancelToken::AnyOf(context.cancel, task->cancel())};
  return core_->events().Watch(LoadEvent{.collection = core_->name()}, [&](LoadEvent* event) {
    absl::Status loaded = base::OrOutOfMemory([&] { return RunLoad(core_, task, either); });
    base::OrOutOfMemory([&] {
      const LoadReport report = task->Report(core_->NowMillis());
      event->num_segments = report.segments.size();
      event->num_bytes = report.bytes_done;
    }).IgnoreError();
    return loaded;
  });
}

void LoadManager::Run(const std::shared_ptr<LoadTask>& task, const Context& context) {
  const absl::Status status = base::OrOutOfMemory([&] { return RunWatched(task.get(), context); });
  // A store may answer so, too, which is an error like others.
  const bool context_ended = IsContextEnd(status) && !context.Check().ok();
  if (context_ended && !task->cancel().cancelled()) {
    if (!task->is_kept()) DropLoaded(*core_, &task->loaded());
    task->Abandon(core_->NowMillis());
    if (task->is_kept()) Schedule(task);
    return;
  }
  if (!status.ok()) DropLoaded(*core_, &task->loaded());
  task->End(status, core_->NowMillis());
  if (!status.ok()) return;
  CheckMappedBehind();
  base::OrOutOfMemory(loaded_).IgnoreError();
}

// Unless it is to run the load `at_once`, it gives the executor a moment to begin.
absl::Status LoadManager::AwaitEnd(const std::shared_ptr<LoadTask>& task, bool at_once,
                                   const Context& context) {
  while (true) {
    if (const auto result = task->result(); result.has_value()) return *result;
    VECDB_RETURN_IF_ERROR(context.Check());
    if (at_once && task->TryBegin()) {
      Run(task, context);
      continue;
    }
    task->AwaitChange(base::LookAgain(context));
    at_once = true;
  }
}

void LoadManager::StopAll(const absl::Status& reason) {
  std::vector<std::shared_ptr<LoadTask>> tasks;
  base::TryForMemory([&] {
    base::MutexLock lock(&mutex_);
    tasks = tasks_;
  }).IgnoreError();
  for (const auto& task : tasks) Stop(task.get(), reason);
}

void LoadManager::Retire(const absl::Status& reason) {
  {
    base::MutexLock lock(&mutex_);
    retired_ = reason;
  }
  StopAll(reason);
}

void LoadManager::Stop(LoadTask* task, const absl::Status& reason) {
  auto loaded = task->Stop(reason, core_->NowMillis());
  DropLoaded(*core_, &loaded);
}

absl::Status LoadManager::Release(const Context& context) {
  StopAll(absl::FailedPreconditionError(
      base::StrFormat("collection %s was released while it was loading", core_->name())));
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->maintenance_gate().Enter(context));
  ReleaseAll(core_);
  ForgetEnded();
  return absl::OkStatus();
}

bool LoadManager::TryRelease() {
  const auto pass = core_->maintenance_gate().TryEnter();
  if (!pass.has_value()) return false;
  ReleaseAll(core_);
  ForgetEnded();
  return true;
}

std::vector<std::shared_ptr<LoadTask>> LoadManager::TakeEnded() {
  std::vector<std::shared_ptr<LoadTask>> ended;
  ended.reserve(tasks_.size());  // before the first is taken
  for (auto& task : tasks_) {
    if (task->result().has_value()) ended.push_back(std::move(task));
  }
  std::erase(tasks_, nullptr);
  return ended;
}

void LoadManager::ForgetEnded() {
  std::vector<std::shared_ptr<LoadTask>> ended;  // freed when the mutex is
  base::MutexLock lock(&mutex_);
  ended = TakeEnded();
}

std::shared_ptr<LoadTask> LoadManager::last() const {
  base::MutexLock lock(&mutex_);
  return tasks_.empty() ? nullptr : tasks_.back();
}

vecdb::LoadState LoadManager::State() const {
  if (core_->Read().view->loaded) return vecdb::LoadState::kLoaded;
  const auto task = last();
  if (task == nullptr) return vecdb::LoadState::kNotLoaded;
  const vecdb::LoadState state = task->state();
  // Released since, by dropping the last index.
  return state == vecdb::LoadState::kLoaded ? vecdb::LoadState::kNotLoaded : state;
}

LoadReport LoadManager::Report() const {
  const auto task = last();
  if (task == nullptr) return {.state = State()};
  LoadReport report = task->Report(core_->NowMillis());
  // What was loaded may have been given back since.
  if (report.state == vecdb::LoadState::kLoaded && !core_->Read().view->loaded) return {};
  return report;
}

void LoadManager::CheckMappedBehind() {
  if (!HasUnchecked(*core_->Read().view)) return;
  core_->RunBehind(Priority::kBackground, [self = shared_from_this()](const Context& context) {
    if (CheckMapped(self->core_, context)) self->rebuild_(context);
  });
}

}  // namespace vecdb::engine
