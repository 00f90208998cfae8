#ifndef VECDB_ENGINE_COLLECTION_HANDLE_H_
#define VECDB_ENGINE_COLLECTION_HANDLE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/rounds.h"
#include "base/status_macros.h"
#include "engine/collection_engine.h"
#include "vecdb/consistency.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// What every Collection of one collection shares: the engine of now. A read-only database replaces
/// it at each Refresh, and a writing one when a collection that takes no writes is opened again;
/// who is inside the engine before stays there to the end of the call. Thread-safe.
class CollectionHandle {
 public:
  explicit CollectionHandle(std::shared_ptr<CollectionEngine> engine)
      : metrics_(engine->metrics()), engine_(std::move(engine)) {}

  /// What the collection counts, whichever its engine is.
  CollectionMetrics& metrics() const { return *metrics_; }

  std::shared_ptr<CollectionEngine> engine() const;
  /// That, and those of before that an iterator or a read holds: they may use what is the
  /// database's, and are to be closed before it is gone.
  std::vector<std::shared_ptr<CollectionEngine>> engines() const;
  /// An engine that comes after Shutdown is shut down.
  void Replace(std::shared_ptr<CollectionEngine> engine);
  /// Shuts all of them down, and whichever comes later.
  void Shutdown(const absl::Status& reason);

  /// The engine for a read: of a read-only database one that is fresh enough for `consistency`.
  /// FailedPrecondition for kStrong when the journal cannot be read from here; Unavailable when the
  /// writer has not flushed as late as is asked for.
  absl::StatusOr<std::shared_ptr<CollectionEngine>> ForRead(const Consistency& consistency,
                                                            const Context& context);

  /// Calls `read` with that engine. Where objects are missing because the writer has collected what
  /// a read-only database still shows, it calls it again with the newest state. Unavailable when
  /// that cannot be had, or is not what was asked for.
  template <typename Call>
  auto Read(const Consistency& consistency, const Context& context, Call read)
      -> decltype(read(std::declval<CollectionEngine&>())) {
    VECDB_ASSIGN_OR_RETURN(const auto current, ForRead(consistency, context));
    auto result = read(*current);
    if (result.ok() || !current->read_only()) return result;
    VECDB_ASSIGN_OR_RETURN(const auto newer,
                           AfterCollection(*current, consistency, result.status(), context));
    return newer == nullptr ? std::move(result) : read(*newer);
  }

  /// Reads the newest state of a read-only collection; nothing to do for one that writes. Calls
  /// that wait for a refresh share the next one: it begins after all of them.
  absl::Status Refresh(const Context& context);
  /// How many calls wait for the refresh of another now.
  int num_waiting_for_refresh() const { return refreshes_.num_waiting(); }

 private:
  absl::Status RefreshOnce(const Context& context);
  // The state to read instead when `error` of a read of `current` comes of garbage collection; null
  // when it does not.
  absl::StatusOr<std::shared_ptr<CollectionEngine>> AfterCollection(CollectionEngine& current,
                                                                    const Consistency& consistency,
                                                                    const absl::Status& error,
                                                                    const Context& context);

  const std::shared_ptr<CollectionMetrics> metrics_;
  base::Rounds refreshes_;
  mutable base::Mutex mutex_;  // a leaf
  std::shared_ptr<CollectionEngine> engine_ ABSL_GUARDED_BY(mutex_);
  // Of reading alone; those of writing are shut down before they are replaced.
  std::vector<std::weak_ptr<CollectionEngine>> retired_ ABSL_GUARDED_BY(mutex_);
  absl::Status closed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COLLECTION_HANDLE_H_
