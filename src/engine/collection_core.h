#ifndef VECDB_ENGINE_COLLECTION_CORE_H_
#define VECDB_ENGINE_COLLECTION_CORE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/gate.h"
#include "base/hybrid_clock.h"
#include "base/mutex.h"
#include "base/out_of_memory.h"
#include "base/throttle.h"
#include "catalog/version_writer.h"
#include "engine/build_slots.h"
#include "engine/collection_events.h"
#include "engine/collection_metrics.h"
#include "engine/database_metrics.h"
#include "engine/lease_book.h"
#include "engine/memory_accounts.h"
#include "engine/reader_lease.h"
#include "format/manifest.h"
#include "journal/journal.h"
#include "query/segment_view.h"
#include "vecdb/collection.h"
#include "vecdb/context.h"
#include "vecdb/events.h"
#include "vecdb/host.h"
#include "vecdb/load.h"
#include "vecdb/object_store.h"

namespace vecdb::engine {

class CollectionCore;

/// What a collection gets from its database; outlives every call on the collection.
struct Environment {
  std::shared_ptr<ObjectStore> store{};
  Host host{};  ///< with executor and clock
  /// Where journals lie that are kept in a directory; null when the database has none.
  std::shared_ptr<FileSystem> journal_files{};
  base::HybridClock* clock = nullptr;
  int32_t max_result_rows = 0;
  int64_t gc_grace_ms = 3'600'000;
  bool tail_journal = true;  ///< of a database for reading alone
  int64_t reader_lease_ms = 0;
  std::shared_ptr<LeaseBook> leases{};  ///< null: they are renewed by refreshes alone
  std::shared_ptr<MemoryAccounts> accounts{};
  /// Releases other collections than the asking one until so many bytes are free in its budget, as
  /// far as options allow; null when they do not.
  std::function<void(const CollectionCore& asking, uint64_t bytes)> release_others{};
  bool map_when_full = false;  ///< what a load has no room for is mapped
  /// Of the collection; host.budget is this one.
  std::shared_ptr<MemoryBudget> budget{};
  /// How many indexes are built at a time, in all collections; never null.
  BuildSlots* build_slots = nullptr;
  uint64_t recall_sample_every = 0;  ///< see DatabaseOptions
  /// What compactions write passes through here; null: at full speed.
  base::Throttle* compaction_throttle = nullptr;
  std::shared_ptr<DatabaseMetrics> metrics{};  ///< null: what happens is counted nowhere else
  std::shared_ptr<EventListener> listener{};   ///< may be null
  /// Of the collection.
  std::shared_ptr<CollectionEvents> events{};

  /// For a collection of the database.
  Environment Of(const std::string& collection_id) const;
};

/// Whether `one` is among the names, none of which stand for all.
template <typename T, typename U>
bool IsNamed(const std::vector<T>& names, const U& one) {
  return names.empty() || std::find(names.begin(), names.end(), one) != names.end();
}

/// The segments of a collection at one moment, growing and sealed. Immutable.
struct View {
  std::shared_ptr<MemoryBudget> budget{};  ///< of what the segments hold, which goes first
  std::vector<query::SegmentView> segments{};
  std::vector<format::IndexDefinition> indexes{};
  bool loaded = false;
  LoadOptions load{};  ///< what of it is loaded, when it is
  std::string collection_id{};
  /// Rows that were deleted or had expired up to here may be missing: no earlier state can be read
  /// from this.
  uint64_t history_from = 0;
  std::shared_ptr<const ManifestPin> pin{};  ///< of the manifest, when this is read alone

  const format::IndexDefinition* FindIndex(std::string_view field) const;
  /// Of a view that is loaded: whether this is.
  bool LoadsField(std::string_view field) const { return IsNamed(load.fields, field); }
  bool LoadsShard(int32_t shard) const { return IsNamed(load.shards, shard); }
};

/// What a reader pins: a view, and the time up to which it shows rows.
struct Snapshot {
  std::shared_ptr<const View> view{};
  uint64_t as_of = 0;
  uint64_t live_rows = 0;   ///< with those that have expired and are there still
  uint64_t alive_from = 0;  ///< rows that were written before have expired; set by ResolveRead
};

/// A batch that has been applied in memory and is not visible yet.
struct AppliedWrite {
  uint64_t ticket = 0;  ///< in the journal; 0 when it is not in one
  Durability level = Durability::kNone;
  uint64_t timestamp = 0;
  uint64_t live_rows = 0;  ///< of the collection, with this batch
};

/// The state of one collection that writer, flush, index builds and loading share, and the rules of
/// changing it:
///
///   - Readers take a Snapshot: the view and the publish timestamp, together, under a lock that is
///   held for
///     the copy of a pointer only. They wait for nobody.
///   - A writer holds the write gate: it appends rows beyond the publish timestamp and its record
///   to the journal.
///     Without the gate it waits for the journal. The publish timestamp then moves over all batches
///     that have reached what they were to reach, in their order, which makes each visible in all
///     shards at once.
///   - Whoever commits a manifest or replaces segments holds the maintenance gate; the manifest
///   changes
///     first, the view after it.
///   - Order of locks: maintenance gate, write gate, state mutex. Files are read and
///   written
///     under gates, never under the mutex.
///
/// Thread-safe.
class CollectionCore : public std::enable_shared_from_this<CollectionCore> {
 public:
  /// `manifest` is `version`, which `manifests` has committed; null for reading alone.
  CollectionCore(const Environment& environment, std::string id, ObjectPath folder,
                 format::Manifest manifest, const catalog::Version& version,
                 std::unique_ptr<catalog::VersionWriter> manifests);

  bool read_only() const { return manifests_ == nullptr; }
  const Environment& environment() const { return environment_; }
  /// What tells of work and counts it. Called without the mutex.
  const CollectionEvents& events() const { return *environment_.events; }

  const std::string& id() const { return id_; }
  const ObjectPath& folder() const { return folder_; }
  const std::shared_ptr<const Schema>& schema() const { return schema_; }
  const CollectionOptions& options() const { return options_; }
  const Host& host() const { return environment_.host; }
  const std::shared_ptr<ObjectStore>& store() const { return environment_.store; }
  base::HybridClock& clock() const { return *environment_.clock; }
  const std::shared_ptr<FileSystem>& journal_files() const { return environment_.journal_files; }
  int32_t max_result_rows() const { return environment_.max_result_rows; }
  int64_t gc_grace_ms() const { return environment_.gc_grace_ms; }
  /// Of this opening for writing.
  uint64_t epoch() const { return epoch_; }

  std::string name() const;
  void set_name(std::string_view name);

  // --- Calls. Every public call begins and ends here, so that StopCalls can wait for those that
  // run.

  /// FailedPrecondition when the collection is closed or dropped.
  absl::Status BeginCall() const;
  void EndCall() const;

  /// Runs `job(context)` on the executor unless the collection has been shut down by then. The
  /// context is cancelled by StopCalls. False, and nothing is run, when there is no memory for
  /// that.
  template <typename Job>
  bool RunBehind(Priority priority, Job job) {
    return base::OrOutOfMemory([&] { ScheduleJob(priority, std::move(job)); }).ok();
  }

  /// Refuses further calls with `reason`, stops background work, and waits until no call runs.
  /// Calls stay refused after Cancelled and DeadlineExceeded, too.
  absl::Status StopCalls(const absl::Status& reason, const Context& context);
  /// Stops background work alone.
  void CancelBackground();
  /// Takes calls again.
  void ResumeCalls();
  /// Gives the memory back, once calls are stopped.
  void DropView();

  // --- Reading.

  Snapshot Read() const;

  /// Waits until every write up to `timestamp` that has been applied is visible. Writes whose
  /// outcome is not known are not waited for once the collection refuses writes.
  absl::Status AwaitAllUpTo(uint64_t timestamp, const Context& context);
  /// Waits until no further write can get a time up to `timestamp`.
  absl::Status AwaitEnd(uint64_t timestamp, const Context& context);
  /// The time of the last write that has been applied, visible or not.
  uint64_t last_applied() const;
  int64_t NowMillis() const { return environment_.host.clock->NowMillis(); }

  /// When it was last searched or loaded; 0 when it was not.
  int64_t last_used_ms() const { return last_used_ms_.load(std::memory_order_relaxed); }
  void SetUsed() const {
    const int64_t now = NowMillis();
    // Written once a millisecond, however many threads search.
    if (last_used_ms() != now) last_used_ms_.store(now, std::memory_order_relaxed);
  }

  // --- Writing: under the write gate.

  base::Gate& write_gate() { return write_gate_; }
  void AddSegment(const query::SegmentView& segment);
  /// Puts a batch behind all others in the order of becoming visible: the one of a list, so that
  /// nothing is allocated.
  void Applied(std::list<AppliedWrite> write);
  /// Waits until the batches up to `timestamp` have reached their levels and are visible. Unknown
  /// when that does not come: the writes may be found by the next opening, and the collection takes
  /// no further ones unless it was only the context that ended.
  absl::Status AwaitVisible(const AppliedWrite& write, const Context& context);

  /// The log of this collection; null until one is needed, and for ever when it has none.
  std::shared_ptr<journal::Journal> journal() const;
  void SetJournal(std::shared_ptr<journal::Journal> journal);

  // --- Garbage.

  /// Held by whoever writes objects that a manifest will name at the end.
  class Job {
   public:
    explicit Job(CollectionCore* core);
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    ~Job();

   private:
    CollectionCore* const core_;
    std::multiset<int64_t>::iterator begun_;
  };
  /// A second before the oldest job began, as its files may be dated earlier than they were made;
  /// the largest value when none runs.
  int64_t oldest_job_ms() const;
  /// Whether a state that somebody reads needs an object, by its full name.
  bool IsPinned(const std::string& name) const;

  // --- Maintenance: under the maintenance gate.

  base::Gate& maintenance_gate() { return maintenance_gate_; }

  const format::Manifest& manifest() const { return manifest_; }
  uint64_t manifest_version() const { return manifest_version_.load(std::memory_order_relaxed); }

  /// WriteOptions::host_sequence of the last write that a committed manifest covers.
  uint64_t durable_host_sequence() const {
    return durable_host_sequence_.load(std::memory_order_relaxed);
  }

  /// Commits the next version. When its outcome is not known, or a newer writer has taken over, the
  /// collection takes no further writes until it is opened again.
  absl::Status Commit(format::Manifest manifest, const Context& context);

  /// Notes that so many rows went which nobody had deleted: they had expired. Under the write gate.
  void NoteExpired(uint64_t num_rows);

  /// Replaces the view by what `edit` makes of a copy of it. Without memory it is tried again, with
  /// another copy: `edit` is to move nothing away before the last of its allocations. When that
  /// does not help the collection takes no further writes, as the view may lack what was committed,
  /// and one that is read alone is to be opened anew: ViewError.
  void EditView(absl::FunctionRef<void(View*)> edit);
  /// Notes that the view may lack what it should show. The first reason is kept.
  void NoteViewError(const absl::Status& reason);
  /// Why that may be; OK when it lacks nothing.
  absl::Status ViewError() const;

  /// Takes no further writes until the collection is opened again; the first reason is kept.
  void RefuseWrites(const absl::Status& reason);
  /// Why the collection takes no writes; OK when it does.
  absl::Status WriteError() const;

  absl::StatusOr<ObjectPath> NewSegmentFolder(std::string* segment_id) const;
  void Log(LogLevel level, std::string_view message) const;

 private:
  void ScheduleJob(Priority priority, std::function<void(const Context&)> job);
  Context BackgroundContext() const;
  void TryEditView(absl::FunctionRef<void(View*)> edit);
  void Publish(const journal::LogProgress& progress) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Environment environment_;
  const std::string id_;
  const ObjectPath folder_;
  const std::shared_ptr<const Schema> schema_;
  const CollectionOptions options_;
  const uint64_t epoch_;

  base::Gate maintenance_gate_;  // guards manifest_
  base::Gate write_gate_;        // guards what the Writer holds
  format::Manifest manifest_;
  const std::unique_ptr<catalog::VersionWriter> manifests_;  // the same; null for reading alone
  // Written under the maintenance gate; a figure for others.
  std::atomic<uint64_t> manifest_version_;
  std::atomic<uint64_t> durable_host_sequence_;  // the same

  mutable std::atomic<int64_t> last_used_ms_ = 0;  // a figure

  mutable base::Mutex mutex_;  // a leaf
  mutable base::CondVar idle_;
  base::CondVar never_;  // notified: what waits here waits for the clock
  mutable int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status closed_ ABSL_GUARDED_BY(mutex_);
  CancelToken background_cancel_ ABSL_GUARDED_BY(mutex_) = CancelToken::Make();
  absl::Status write_error_ ABSL_GUARDED_BY(mutex_);
  absl::Status view_error_ ABSL_GUARDED_BY(mutex_);
  std::string name_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const View> view_ ABSL_GUARDED_BY(mutex_);
  // All that was shown and may still be held by a reader.
  std::vector<std::weak_ptr<const View>> old_views_ ABSL_GUARDED_BY(mutex_);
  std::multiset<int64_t> jobs_ ABSL_GUARDED_BY(mutex_);  // when each began
  std::shared_ptr<journal::Journal> journal_ ABSL_GUARDED_BY(mutex_);
  std::list<AppliedWrite> applied_ ABSL_GUARDED_BY(mutex_);  // not visible yet
  uint64_t published_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t live_rows_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t expired_rows_ ABSL_GUARDED_BY(mutex_) = 0;  // of those, what compactions have removed
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COLLECTION_CORE_H_
