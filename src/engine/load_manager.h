#ifndef VECDB_ENGINE_LOAD_MANAGER_H_
#define VECDB_ENGINE_LOAD_MANAGER_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "engine/collection_core.h"
#include "engine/load_task.h"
#include "vecdb/context.h"
#include "vecdb/load.h"

namespace vecdb::engine {

/// The loads of one collection. A load is run by one thread at a time, a task of the executor or
/// whoever waits for it, and by the executor's helpers; it is never bound to who began it.
/// Thread-safe; every method but those of reports is called inside a CollectionCall.
class LoadManager : public std::enable_shared_from_this<LoadManager> {
 public:
  /// `core` is borrowed. `rebuild` builds the indexes that are missing; `loaded` is called when a
  /// load has ended well.
  LoadManager(CollectionCore* core, std::function<void(const Context&)> rebuild,
              std::function<void()> loaded)
      : core_(core), rebuild_(std::move(rebuild)), loaded_(std::move(loaded)) {}

  /// Begins a load behind, or joins the one that does the same. Errors as CheckLoadOptions.
  absl::StatusOr<std::shared_ptr<LoadTask>> Start(const LoadOptions& options);
  absl::Status Wait(const std::shared_ptr<LoadTask>& task, const Context& context);
  /// Both; when the context ends, so does a load that nobody else has asked for.
  absl::Status Load(const LoadOptions& options, const Context& context);

  /// Stops every load with `reason`.
  void StopAll(const absl::Status& reason);
  /// The same, and begins none any more.
  void Retire(const absl::Status& reason);
  void Stop(LoadTask* task, const absl::Status& reason);
  /// Stops them and gives everything that was loaded back.
  absl::Status Release(const Context& context);
  /// Gives it back without waiting and stops nothing: false when the collection is being changed.
  bool TryRelease();

  vecdb::LoadState State() const;
  LoadReport Report() const;

  /// Looks behind at what has been mapped.
  void CheckMappedBehind();

 private:
  // A new load, or the one that does the same, which is then kept.
  absl::StatusOr<std::shared_ptr<LoadTask>> Begin(const LoadOptions& options);
  bool Schedule(const std::shared_ptr<LoadTask>& task);
  void Run(const std::shared_ptr<LoadTask>& task, const Context& context);
  absl::Status RunWatched(LoadTask* task, const Context& context);
  absl::Status AwaitEnd(const std::shared_ptr<LoadTask>& task, bool at_once,
                        const Context& context);
  /// Takes the loads that have ended out of `tasks_`; to be freed when the mutex is.
  std::vector<std::shared_ptr<LoadTask>> TakeEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetEnded();
  std::shared_ptr<LoadTask> last() const;

  CollectionCore* const core_;
  const std::function<void(const Context&)> rebuild_;
  const std::function<void()> loaded_;

  mutable base::Mutex mutex_;  // before those of tasks
  absl::Status retired_ ABSL_GUARDED_BY(mutex_);
  // Those that may still run, and the last one.
  std::vector<std::shared_ptr<LoadTask>> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LOAD_MANAGER_H_
