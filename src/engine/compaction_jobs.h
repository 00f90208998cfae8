#ifndef VECDB_ENGINE_COMPACTION_JOBS_H_
#define VECDB_ENGINE_COMPACTION_JOBS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/gate.h"
#include "base/mutex.h"
#include "engine/collection_core.h"
#include "engine/compaction_plan.h"
#include "vecdb/collection.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// When the segments of a collection are compacted: by itself after looks at them, and on request.
/// One compaction runs at a time. Thread-safe.
class CompactionJobs {
 public:
  /// `core` is borrowed.
  explicit CompactionJobs(CollectionCore* core) : core_(core) {}

  // --- By itself.

  /// Notes that segments have changed. True when LookBehind is to be run for it.
  bool AskForLook();
  /// The look that was asked for has been let go of.
  void ForgetLook();
  /// Compacts until nothing is left to do that pays. After an error it does nothing for a second,
  /// for two after a second error in a row, up to five minutes.
  void Look(const Context& context);
  /// Runs the most urgent compaction that a look would; false when there is none.
  absl::StatusOr<bool> Step(const Context& context);
  /// Compacts while a shard has too many small segments, for whoever is about to add another. OK
  /// when compactions fail; Cancelled, DeadlineExceeded.
  absl::Status KeepSegmentsFew(const Context& context);
  /// How many a look would run now.
  absl::StatusOr<uint64_t> CountDue(const Context& context) const;
  /// Why the last look failed; "" when it did not.
  std::string last_error() const;
  /// Bytes that compactions have written.
  uint64_t bytes_written() const;

  // --- On request.

  /// Notes a request, and returns its id; Run does it.
  absl::StatusOr<uint64_t> Request(const CompactOptions& options);
  absl::StatusOr<CompactionReport> Report(uint64_t id) const;
  /// Does what was requested, unless that has been done, or waits for who does it. Its error. After
  /// Cancelled and DeadlineExceeded, which are of `context`, another Run goes on.
  absl::Status Run(uint64_t id, const Context& context);

 private:
  enum class LookState { kNone, kAsked, kRunning, kRunningAndAsked };

  struct Job {
    CompactOptions options{};
    CompactionReport report{};
    absl::Status status{};  // of a job that is done
  };

  bool MayLook() const;
  void NoteLook(const absl::Status& status);
  void TellOfLook(const absl::Status& status);
  bool EndLook();
  absl::Status LookOnce(const Context& context);
  absl::StatusOr<std::vector<CompactionPlan>> Plan(bool thorough, const Context& context) const;
  absl::Status RunPlan(const CompactionPlan& plan, CompactionReport* report,
                       const Context& context);
  absl::Status RunAndReport(const CompactionPlan& plan, CompactionReport* report,
                            CompactionEvent* event, const Context& context);
  absl::Status RunRequested(const CompactOptions& options, CompactionReport* report,
                            const Context& context);
  void Finish(uint64_t id, const absl::Status& status);

  CollectionCore* const core_;
  base::Gate gate_;  // before the maintenance gate; one compaction at a time

  mutable base::Mutex mutex_;  // a leaf
  LookState look_ ABSL_GUARDED_BY(mutex_) = LookState::kNone;
  int num_failures_ ABSL_GUARDED_BY(mutex_) = 0;  // looks in a row
  int64_t failed_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string last_error_ ABSL_GUARDED_BY(mutex_);
  uint64_t bytes_written_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<uint64_t, Job> jobs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COMPACTION_JOBS_H_
