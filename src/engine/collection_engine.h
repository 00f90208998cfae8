#ifndef VECDB_ENGINE_COLLECTION_ENGINE_H_
#define VECDB_ENGINE_COLLECTION_ENGINE_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "engine/index_jobs.h"
#include "engine/load_task.h"
#include "engine/query_plan.h"
#include "engine/writer.h"
#include "query/nearest.h"
#include "query/result_rows.h"
#include "vecdb/collection.h"
#include "vecdb/database.h"
#include "vecdb/load.h"
#include "vecdb/query.h"

namespace vecdb::engine {

struct FailedBuilds;
struct FollowedJournal;

/// One collection alive: the inside of every Collection handle on it. Thread-safe.
///
/// Every method that a user may call begins with Call, so that closing waits for it.
class CollectionEngine : public std::enable_shared_from_this<CollectionEngine> {
 public:
  ~CollectionEngine();
  CollectionEngine(const CollectionEngine&) = delete;
  CollectionEngine& operator=(const CollectionEngine&) = delete;

  /// Makes the folder of a new collection: its first manifest.
  static absl::Status Create(const Environment& environment, const std::string& id,
                             const Schema& schema, const CollectionOptions& options,
                             const Context& context);

  /// Opens the newest manifest for writing, brings back what is in the journal and, by policy,
  /// loads it.
  static absl::StatusOr<std::shared_ptr<CollectionEngine>> Open(const Environment& environment,
                                                                const std::string& id,
                                                                std::string_view name,
                                                                const OpenOptions& options,
                                                                const Context& context);

  /// Opens the newest manifest for reading alone, with what can be read of the journal. `before` is
  /// the engine that this one is to replace, or null.
  static absl::StatusOr<std::shared_ptr<CollectionEngine>> OpenReadOnly(
      const Environment& environment, const std::string& id, std::string_view name,
      CollectionEngine* before, const Context& context);
  using Install = absl::FunctionRef<void(std::shared_ptr<CollectionEngine> successor)>;
  /// Brings a collection that is read alone up to the newest state. While its manifest is the same
  /// that costs one request, and one more for a journal that it tails, and further ones for what
  /// has come into that; otherwise `install` is called with a new engine, which shares what is the
  /// same and is to take the place of this one. By one thread at a time.
  absl::Status Follow(Install install, const Context& context);
  bool read_only() const { return core_->read_only(); }
  /// Tells log, listener and metrics of a Follow behind that failed.
  void NoteRefreshError(const absl::Status& error) const;
  /// For reading alone: whether what has been read is enough for a read at `consistency` that
  /// begins now, where `required` is its RequiredTimestamp.
  bool HasAllFor(const Consistency& consistency, uint64_t required) const;
  /// Every write up to this time that had returned when the last refresh began has been read.
  uint64_t service_timestamp() const;
  uint64_t manifest_version() const { return core_->manifest_version(); }
  /// Of a collection that is read alone: whether its manifest is the newest still. One request.
  absl::StatusOr<bool> IsNewest(const Context& context);
  /// What a read of `state`, which a snapshot or an iterator holds, is told that failed with
  /// `error`: Unavailable when the writer has collected what that state needs, else `error`. One
  /// request, of a collection that is read alone and where objects may be missing.
  absl::Status ErrorOfHeld(const Snapshot& state, const absl::Status& error,
                           const Context& context);
  /// For how long writes may be missing, by this clock; 0 for a collection that is written.
  double AgeSeconds() const;
  /// What reads at `consistency` ask service_timestamp() to be.
  uint64_t RequiredTimestamp(const Consistency& consistency) const;
  bool IsStrong(const Consistency& consistency) const;
  /// Waits until the time that `consistency` names has passed, if it names one.
  absl::Status AwaitTime(const Consistency& consistency, const Context& context);

  absl::StatusOr<WriteResult> Insert(const RowBatch& rows, const WriteOptions& options,
                                     const Context& context);
  absl::StatusOr<WriteResult> Upsert(const RowBatch& rows, const WriteOptions& options,
                                     const Context& context);
  absl::StatusOr<WriteResult> Delete(const Keys& keys, const WriteOptions& options,
                                     const Context& context);
  absl::StatusOr<WriteResult> DeleteWhere(const RowFilter& filter, const WriteOptions& options,
                                          const Context& context);
  absl::StatusOr<WriteResult> IngestSegment(ObjectStore& source, const SegmentInfo& segment,
                                            const Context& context);
  absl::StatusOr<std::vector<int32_t>> ShardsOf(const Keys& keys) const;
  absl::StatusOr<RowBatch> Get(const Keys& keys, std::span<const std::string> fields,
                               const Consistency& consistency, const Context& context);
  absl::StatusOr<uint64_t> Count(const Consistency& consistency, const Context& context);
  absl::StatusOr<uint64_t> CountWhere(const RowFilter& filter, const Consistency& consistency,
                                      const Context& context);
  absl::StatusOr<RowBatch> Query(const QueryRequest& request, const Context& context);
  absl::StatusOr<Snapshot> Pin(const Context& context);
  absl::Status Flush(const Context& context);
  absl::StatusOr<uint64_t> DurableUpTo();

  absl::Status CreateIndex(std::string_view field, const IndexSpec& spec, const Context& context);
  absl::Status AlterIndex(std::string_view field, const IndexSpec& spec, const Context& context);
  absl::Status AttachIndex(std::string_view field, const Index& index, const Context& context);
  absl::Status WaitForIndex(std::string_view field, const Context& context);
  absl::Status DropIndex(std::string_view field, const Context& context);
  absl::StatusOr<IndexDescription> DescribeIndex(std::string_view field);

  absl::StatusOr<uint64_t> Compact(const CompactOptions& options, const Context& context);
  absl::StatusOr<CompactionReport> CompactionState(uint64_t id);
  absl::Status WaitForCompaction(uint64_t id, const Context& context);
  absl::StatusOr<MaintenanceReport> Maintain(const MaintenanceBudget& budget,
                                             const Context& context);

  absl::Status Load(const LoadOptions& options, const Context& context);
  absl::StatusOr<std::shared_ptr<LoadTask>> StartLoad(const LoadOptions& options,
                                                      const Context& context);
  absl::Status WaitForLoad(const std::shared_ptr<LoadTask>& task, const Context& context);
  void StopLoad(LoadTask* task);
  /// Ends what runs behind, once another engine has taken its place; reads may go on.
  void Retire(const absl::Status& reason);
  /// Looks behind at what has been mapped.
  void CheckMappedBehind();
  /// Whether the collection is open or not.
  LoadReport ReportLoad(const LoadTask& task) const;
  LoadReport LoadProgress();
  absl::StatusOr<LoadEstimate> EstimateLoad(const LoadOptions& options);
  /// Loaded, by hand.
  bool IsReleasable() const;
  int64_t last_used_ms() const { return core_->last_used_ms(); }
  uint64_t memory_bytes() const { return core_->host().budget->used_bytes(); }
  absl::Status SetMemoryLimit(uint64_t limit_bytes);
  absl::StatusOr<MemoryReport> ReportMemory();
  absl::Status Release(const Context& context);
  /// The same without waiting: false when the collection is being changed.
  bool TryRelease();
  vecdb::LoadState LoadState();

  absl::StatusOr<std::unique_ptr<query::ResultRows>> Search(const SearchRequest& request,
                                                            const Context& context);
  absl::StatusOr<SearchStats> Explain(const SearchRequest& request, const Context& context);
  absl::StatusOr<CollectionDescription> Describe();
  absl::StatusOr<std::vector<SegmentDescription>> Segments();

  absl::StatusOr<GarbageReport> CollectGarbage(const Context& context);
  absl::Status Verify(VerifyReport* report, const Context& context);
  absl::Status Checkpoint(ObjectStore& target, const Context& context);

  // For iterators, which read one state again and again.

  const Schema& schema() const { return *core_->schema(); }
  /// Pins the state that `consistency` names.
  absl::StatusOr<std::shared_ptr<const vecdb::Snapshot>> Hold(const Consistency& consistency,
                                                              const Context& context);
  absl::StatusOr<QueryPlan> PlanIteration(const QueryRequest& request,
                                          const IteratorOptions& options);
  /// The result borrows the request, and `segments`, which get those to search.
  absl::StatusOr<query::SnapshotSearch> PlanIteration(const SearchRequest& request,
                                                      int32_t batch_size, const Snapshot& state,
                                                      std::vector<query::SegmentView>* segments);
  absl::StatusOr<RowBatch> Read(const Snapshot& state, const QueryPlan& plan,
                                const Context& context);
  absl::StatusOr<query::FoundHits> FindHits(const query::SnapshotSearch& search, uint32_t k,
                                            const Context& context);
  bool MarkUnreadable(const query::SnapshotSearch& search, std::span<const query::Found> hits,
                      const Context& context, std::span<query::SegmentView> segments);
  absl::StatusOr<std::unique_ptr<query::ResultRows>> FetchHits(const query::SnapshotSearch& search,
                                                               std::span<const query::Found> hits,
                                                               const Context& context);

  // For the database.

  const std::string& id() const { return core_->id(); }
  std::string name() const { return core_->name(); }
  const std::shared_ptr<CollectionMetrics>& metrics() const {
    return core_->events().shared_metrics();
  }
  void set_name(std::string_view name) { core_->set_name(name); }
  /// Refuses further calls with `reason`, waits for those that run, and flushes: no write that has
  /// returned is missing from the store. After an error the collection takes calls again.
  absl::Status CloseFlushed(const absl::Status& reason, const Context& context);
  /// Why the collection takes no writes; OK when it does.
  absl::Status WriteError() const { return core_->WriteError(); }
  /// Takes calls again after CloseFlushed.
  void Resume();
  /// Refuses further calls with `reason`, waits for those that run, and gives the memory back.
  void Shutdown(const absl::Status& reason);

 private:
  explicit CollectionEngine(std::shared_ptr<CollectionCore> core);

  static absl::StatusOr<std::shared_ptr<CollectionEngine>> ReadNewest(
      const Environment& environment, const std::string& id, std::string_view name,
      const CollectionEngine* before, bool last_try, const Context& context);
  absl::Status FollowLoads(const View& old, CollectionEngine* after, const Context& context);
  absl::StatusOr<bool> FollowJournal(const Context& context);
  absl::Status ReadNews(std::span<const journal::LogFileInfo> news, const Context& context);
  void SetFollowed(FollowedJournal followed, int64_t begun_ms);

  absl::StatusOr<WriteResult> Write(const RowBatch& rows, bool replace, const WriteOptions& options,
                                    const Context& context);
  absl::Status BeginWrite(const Context& context);
  /// What growing rows and the memory budget ask of a writer.
  enum class Pressure { kNone, kFlushBehind, kFlushNow };
  Pressure MemoryPressure() const;
  // What waits to be flushed, and what holds writers up until it is.
  struct Backlog {
    uint64_t journal_bytes = 0;
    uint64_t growing_bytes = 0;
    bool wants_flush = false;
    std::optional<StallReason> stall{};
  };
  Backlog UnflushedNow() const;
  uint64_t max_growing_bytes() const;
  absl::Status MakeRoom(const Context& context);
  absl::Status FlushInTheWay(StallReason reason, const Context& context);
  void FlushBehind();
  void NoteDeletes(uint64_t num_deleted);
  bool FlushIsDue() const;
  absl::StatusOr<bool> MaintainOnce(FailedBuilds* failed, const Context& context);
  uint64_t seal_bytes() const;
  uint64_t journal_bytes() const;
  uint64_t unflushed_bytes() const;  // memory of rows that are in no flushed segment

  // What works on the core; background jobs hold it too.
  struct Parts;

  // What follows work that is done: none of it fails, and what there is no memory for is left out.
  absl::Status FollowDefinition();
  static void FollowFlush(CollectionCore* core, const std::shared_ptr<Parts>& parts);
  static void CompactBehind(CollectionCore* core, const std::shared_ptr<Parts>& parts);
  static bool IsTimeToCollect(const CollectionCore& core, Parts* parts);
  void NoteFreshRows(uint64_t num_rows);
  static void ExtendInterimsBehind(CollectionCore* core, const std::shared_ptr<Parts>& parts);
  static void BuildBehind(CollectionCore* core, const std::shared_ptr<Parts>& parts);
  static void CollectGarbageBehind(CollectionCore* core, const std::shared_ptr<Parts>& parts);

  std::shared_ptr<CollectionCore> core_;
  std::shared_ptr<Parts> parts_;
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COLLECTION_ENGINE_H_
