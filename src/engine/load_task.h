#ifndef VECDB_ENGINE_LOAD_TASK_H_
#define VECDB_ENGINE_LOAD_TASK_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "segment/sealed_segment.h"
#include "vecdb/clock.h"
#include "vecdb/context.h"
#include "vecdb/load.h"

namespace vecdb::engine {

/// How far one segment of a load is. A try that was broken off is begun anew, and what is told of
/// it stands still until the next one is beyond. Thread-safe.
class SegmentProgress {
 public:
  SegmentProgress(std::string id, int32_t shard, uint64_t bytes_total)
      : id_(std::move(id)), shard_(shard), total_(bytes_total) {}

  /// Begins a try; what to count its bytes in.
  std::atomic<uint64_t>* Begin();
  void End(LoadState state);

  SegmentLoadProgress Report() const;

 private:
  const std::string id_;
  const int32_t shard_;
  // Figures; they order nothing.
  std::atomic<uint64_t> total_;
  std::atomic<uint64_t> read_ = 0;  // by this try
  std::atomic<uint64_t> most_ = 0;  // by an earlier one
  std::atomic<LoadState> state_ = LoadState::kNotLoaded;
};

/// What a load has of a segment before it is shown to readers.
struct LoadedSegment {
  std::shared_ptr<const segment::SealedSegment> sealed{};
  std::vector<size_t> columns{};
  std::shared_ptr<const segment::Resident> resident{};
  absl::Status damage{};  ///< instead of `resident`
};

/// One load: what is asked for, who is at it, how far it is and how it ended. One thread at a time
/// runs it, with help of the executor; when that one stops early another may go on. Thread-safe.
class LoadTask {
 public:
  /// `clock` is borrowed while the load runs, `budget` is of the memory that the task has.
  LoadTask(LoadOptions options, const Clock& clock, std::shared_ptr<MemoryBudget> budget)
      : options_(std::move(options)), begin_ms_(clock.NowMillis()), budget_(std::move(budget)) {}

  const LoadOptions& options() const { return options_; }

  // --- Running.

  /// True when the caller is to run it now, and then to call Abandon or End.
  bool TryBegin();
  /// After a stop nobody goes on with it: it has ended.
  void Abandon(int64_t now_ms);
  /// How it ended; `now_ms` by the clock.
  void End(const absl::Status& status, int64_t now_ms);
  /// Makes who runs it stop, and then, or at once when nobody does, ends it with `reason`. Returns
  /// what was loaded and nobody has any more.
  std::map<std::string, LoadedSegment> Stop(const absl::Status& reason, int64_t now_ms);
  /// Cancelled by Stop.
  const CancelToken& cancel() const { return cancel_; }

  std::optional<absl::Status> result() const;
  /// Waits until somebody begins or ends, `deadline` at the latest.
  void AwaitChange(std::chrono::steady_clock::time_point deadline) const;

  /// Whether it goes on when the call that began it stops waiting.
  bool is_kept() const { return kept_.load(); }
  void Keep() { kept_.store(true); }

  // --- For who runs it.

  /// What it has so far, by folder. Emptied by End.
  std::map<std::string, LoadedSegment>& loaded() { return loaded_; }
  /// The progress of a segment, new or of an earlier try. Lives as long as the task.
  SegmentProgress* Progress(const std::string& id, int32_t shard, uint64_t bytes_total);
  void NoteError(const absl::Status& status);

  LoadState state() const;
  LoadReport Report(int64_t now_ms) const;

 private:
  void Finish(const absl::Status& status, int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void KeepMessage(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const LoadOptions options_;
  const int64_t begin_ms_;
  const std::shared_ptr<MemoryBudget> budget_;  // held as long as memory of it is
  const CancelToken cancel_ = CancelToken::Make();
  std::atomic<bool> kept_ = false;
  std::map<std::string, LoadedSegment> loaded_;  // of who runs it

  mutable base::Mutex mutex_;  // a leaf
  mutable base::CondVar changed_;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status stop_reason_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> result_ ABSL_GUARDED_BY(mutex_);
  std::string last_error_ ABSL_GUARDED_BY(mutex_);
  int64_t end_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<SegmentProgress> segments_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, SegmentProgress*> by_id_ ABSL_GUARDED_BY(mutex_);
  mutable int32_t percent_ ABSL_GUARDED_BY(mutex_) = 0;  // the most that was ever told
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LOAD_TASK_H_
