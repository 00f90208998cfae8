#ifndef VECDB_ENGINE_INDEX_BUILDS_H_
#define VECDB_ENGINE_INDEX_BUILDS_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// Which index of which segment: field and folder.
using BuildName = std::pair<std::string, std::string>;

/// One build that runs. Thread-safe.
struct IndexBuild {
  const BuildName name{};
  const CancelToken cancel = CancelToken::Make();
  std::atomic<uint64_t> rows_done = 0;  // a figure
};

/// The builds of a collection that run now, each index of a segment by one builder, and the errors
/// of those that failed. Thread-safe.
class IndexBuilds {
 public:
  /// Null when somebody builds it already. Has ended, too, when the last copy of it goes.
  std::shared_ptr<IndexBuild> Begin(const BuildName& name);
  /// Notes how it ended; Cancelled and DeadlineExceeded are no errors of it.
  void End(const IndexBuild& build, const absl::Status& status);

  /// Stops those of a field, and forgets the errors of others.
  void Cancel(std::string_view field);

  bool IsRunning(const BuildName& name) const;
  /// The rows that are done of one that runs.
  uint64_t RowsDone(const BuildName& name) const;
  /// Why the last build of it failed; "" when it did not.
  std::string LastError(const BuildName& name) const;

  /// How many builds have ended.
  uint64_t num_ended() const;
  /// Waits until one has ended since there were `num_seen`; false at once when none has and none of
  /// a field, "" being any, runs. Cancelled, DeadlineExceeded.
  absl::StatusOr<bool> WaitForEnd(std::string_view field, uint64_t num_seen,
                                  const Context& context);

 private:
  const IndexBuild* Find(const BuildName& name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLost(const IndexBuild& build);
  void Remove(const IndexBuild& build) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteError(const BuildName& name, const absl::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool AnyOf(std::string_view field) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable base::Mutex mutex_;  // a leaf
  base::CondVar ended_;
  std::vector<std::shared_ptr<IndexBuild>> running_ ABSL_GUARDED_BY(mutex_);
  std::map<BuildName, std::string> errors_ ABSL_GUARDED_BY(mutex_);
  uint64_t num_ended_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_INDEX_BUILDS_H_
