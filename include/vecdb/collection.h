#ifndef VECDB_COLLECTION_H_
#define VECDB_COLLECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/consistency.h"
#include "vecdb/context.h"
#include "vecdb/index.h"
#include "vecdb/index_spec.h"
#include "vecdb/keys.h"
#include "vecdb/load.h"
#include "vecdb/memory_budget.h"
#include "vecdb/query.h"
#include "vecdb/row_batch.h"
#include "vecdb/row_filter.h"
#include "vecdb/schema.h"
#include "vecdb/search.h"

namespace vecdb {

class ObjectStore;
struct SegmentInfo;

namespace engine {
class CollectionHandle;
}

/// Whether a collection keeps itself ready for searches.
enum class LoadPolicy : int32_t {
  kKeepLoaded = 1,  ///< loads when it is opened and when an index is created
  kManual = 2,      ///< searches need Load first, as in Milvus
};

/// What Insert does with a row whose key is there already.
enum class DuplicateKeyPolicy : int32_t {
  kReject = 1,   ///< AlreadyExists, and nothing of the batch is applied
  kReplace = 2,  ///< as Upsert
};

/// What an acknowledged write survives.
enum class Durability : int32_t {
  kNone = 1,          ///< nothing, until Flush has returned OK
  kProcessCrash = 2,  ///< the end of the process, however it comes
  kSynced = 3,        ///< a power cut, too
};

/// Where a collection keeps its journal: the log of writes that are not in segments yet.
enum class JournalPlace : int32_t {
  kAuto = 0,         ///< kDirectory when the database has one, otherwise kObjectStore
  kDirectory = 1,    ///< in the directory of the database, or DatabaseOptions::journal_directory
  kObjectStore = 2,  ///< as objects: a write is acknowledged when its object has been put
  kNone = 3,         ///< nowhere: for a host that has a log of its own and writes again from it
};

/// Fixed when a collection is created, and kept with it.
struct CollectionOptions {
  /// Rows are spread over this many shards by a hash of the key, 1 to 64.
  int32_t num_shards = 1;
  LoadPolicy load = LoadPolicy::kKeepLoaded;
  DuplicateKeyPolicy on_duplicate_key = DuplicateKeyPolicy::kReject;
  /// Largest segment, 1 MiB to 64 GiB.
  uint64_t segment_max_bytes = 512ULL << 20;
  /// A growing segment is sealed and flushed at this share of segment_max_bytes, 0.01 to 1.
  double seal_proportion = 0.23;
  JournalPlace journal = JournalPlace::kAuto;
  /// What a write survives, unless its WriteOptions say otherwise.
  Durability durability = Durability::kSynced;
  /// Most bytes of journal, 1 MiB to 1 TiB. At half of it a flush is started, at three quarters
  /// writers flush themselves, and past it, when no flush succeeds, they are refused.
  uint64_t journal_max_bytes = 1ULL << 30;
  /// What reads show that name nothing themselves.
  ConsistencyLevel consistency = ConsistencyLevel::kBounded;
  int64_t staleness_ms = 5000;  ///< of kBounded, 0 to a day
  /// How far back Consistency::AsOf reaches, 0 to ten years; 0 turns it off.
  int64_t retention_ms = 0;
  /// Rows expire so long after they were inserted or upserted, 1 to a hundred years; 0: never. From
  /// that moment on no read that shows it finds them (with Consistency::AsOf or a Snapshot that is
  /// the time of the state), their keys are free, and compaction removes them once retention_ms
  /// have passed too. The time is that of the Host's clock; one that goes back lets rows expire
  /// later, and brings none back that was removed.
  int64_t ttl_seconds = 0;
  /// Merges small segments and rewrites those with many deleted rows behind, by itself. When it is
  /// off, Collection::Compact does.
  bool auto_compaction = true;
  /// What flushed rows may take in the store, in multiples of those that are alive, 1.05 to 10:
  /// compaction rewrites segments so that it stays below. More space saves writes: under steady
  /// upserts a row is written some 7 times with 1.1, 3 to 4 times with 1.3.
  double space_amplification = 1.3;
  /// Gives the growing rows of a loaded collection a graph of their own, behind, from 2048 rows of
  /// a segment on, so that rows that have just been written are searched about as fast as indexed
  /// ones. It serves on after the flush until the index of the segment is built. Not for FLAT,
  /// whose searches are exact. Takes 2 bytes a dimension and some 200 bytes a row more, and the
  /// time of building once more; where memory does not suffice, rows are compared one by one.
  bool interim_index = true;

  friend bool operator==(const CollectionOptions&, const CollectionOptions&) = default;
};

/// How one write is to be done.
struct WriteOptions {
  /// Default: that of the collection.
  std::optional<Durability> durability{};
  /// The position of this write in the host's own log, for a host that writes again from there
  /// after a crash. Positions count from 1 and grow from write to write; one at or below that of a
  /// write which is there already changes nothing. See Collection::DurableUpTo.
  std::optional<uint64_t> host_sequence{};
};

/// What a write did.
struct WriteResult {
  uint64_t insert_count = 0;  ///< rows added by Insert
  uint64_t upsert_count = 0;  ///< rows added by Upsert
  uint64_t delete_count = 0;  ///< rows that went: by Delete, or replaced
  uint64_t timestamp = 0;     ///< when it took effect: 46 bits of milliseconds, 18 of counter
  Durability durability = Durability::kNone;  ///< what it survives, from now on
  /// True when nothing was done because `host_sequence` says that it had been done before.
  bool already_applied = false;
  std::vector<int64_t> auto_ids{};  ///< the keys made, in the order of the rows, with `auto_id`
};

/// How to open a collection. The first two are ways on when it cannot be opened because of its
/// journal: each loses what it says, and RecoveryReport::lost tells of it.
struct OpenOptions {
  /// A damaged journal counts up to the first damage. Its files stay where they are.
  bool salvage = false;
  /// A journal that is not where the manifest says is done without: every write that was in no
  /// segment is lost.
  bool without_journal = false;
  /// How a collection of LoadPolicy::kKeepLoaded is loaded.
  LoadOptions load{};
};

/// What opening a collection found in its journal, and did with it.
struct RecoveryReport {
  uint64_t num_files = 0;
  uint64_t num_records = 0;       ///< that were replayed; older ones are in segments already
  uint64_t num_rows = 0;          ///< added by them
  uint64_t num_deleted_rows = 0;  ///< deleted or replaced by them
  uint64_t journal_bytes = 0;     ///< read and checked
  uint64_t torn_bytes = 0;  ///< behind the last record: cut off by a crash, never acknowledged
  std::string torn_file{};  ///< where that was
  std::string lost{};       ///< what salvage, or opening without the journal, gave up
  double seconds = 0;
};

/// What a load takes; see Collection::EstimateLoad.
struct LoadEstimate {
  uint64_t vector_bytes = 0;  ///< rows that searches compare, and their norms
  uint64_t index_bytes = 0;
  uint64_t key_bytes = 0;
  uint64_t free_bytes = 0;  ///< what fits as things are, within all limits

  uint64_t total_bytes() const { return vector_bytes + index_bytes + key_bytes; }
};

/// How far an index is.
enum class IndexState : int32_t {
  kWaiting = 1,   ///< to be built, or built again
  kBuilding = 2,  ///< some of it at least
  kFinished = 3,
  kFailed = 4,  ///< the last build failed; it is tried again after the next Flush, and WaitForIndex
};

/// How far the index of a field is in one flushed segment.
struct SegmentIndexProgress {
  std::string segment_id{};
  uint64_t num_rows = 0;
  uint64_t rows_done = 0;  ///< of the build that runs; all when it is finished
  IndexState state = IndexState::kWaiting;
  std::string error{};  ///< why the last build failed; "" when it did not
};

/// What share of the true nearest rows the searches of a field have found of late; see
/// DatabaseOptions::recall_sample_every.
struct LiveRecallFigures {
  uint64_t num_searches = 0;  ///< that were repeated since the collection was opened
  double recall = 1;          ///< of the last few hundred of them; 1 when there were none
  /// What these asked for, on average: TargetRecall::recall, or 0.95 where they named an effort.
  double target = 0.95;
};

/// The index of a field, and how far it has come.
struct IndexDescription {
  std::string field{};
  IndexSpec spec{};
  IndexState state = IndexState::kFinished;
  uint64_t total_rows = 0;    ///< in flushed segments
  uint64_t indexed_rows = 0;  ///< of those, the ones that need no further build
  std::string last_error{};   ///< why the last build failed; "" when it did not
  std::vector<SegmentIndexProgress> segments{};
  LiveRecallFigures live_recall{};

  uint64_t pending_rows() const { return total_rows - indexed_rows; }
};

/// How much Collection::Compact is to do.
struct CompactOptions {
  /// Merges and rewrites whatever becomes fewer or smaller by it, in whichever segment one row may
  /// go. When false, only what a collection with `auto_compaction` does by itself.
  bool thorough = true;
};

enum class CompactionState : int32_t { kExecuting = 1, kCompleted = 2, kFailed = 3 };

/// Why segments are compacted.
enum class CompactionReason : int32_t {
  kDeletedRows = 1,    ///< many rows are deleted and no read needs them
  kDeleteBytes = 2,    ///< the list of deleted rows is long
  kSmallSegments = 3,  ///< together they make one that is worth its name
  kExpiredRows = 4,    ///< a fifth of the rows, or many, have expired and no read needs them
};

/// Segments that became one, by their ids as in SegmentDescription.
struct SegmentMerge {
  std::vector<std::string> sources{};
  std::string target{};  ///< "" before it is there, and when no row was left
  CompactionReason reason = CompactionReason::kSmallSegments;

  friend bool operator==(const SegmentMerge&, const SegmentMerge&) = default;
};

/// How far a compaction that Collection::Compact has begun has come.
struct CompactionReport {
  CompactionState state = CompactionState::kExecuting;
  std::vector<SegmentMerge> merges{};  ///< that are done or in work
  uint64_t bytes_read = 0;             ///< objects of the sources of merges that are done
  uint64_t bytes_written = 0;          ///< objects of their targets
  std::string error{};                 ///< of kFailed; what was merged before it stays so
};

/// How much Collection::Maintain may do. A step that has begun is finished.
struct MaintenanceBudget {
  int64_t time_ms = 100;                ///< no further step is begun after it
  uint64_t bytes = uint64_t{64} << 20;  ///< nor when so many bytes have been written
};

/// What Collection::Maintain did, and what is due and was left.
struct MaintenanceReport {
  uint64_t num_steps = 0;
  uint64_t bytes_written = 0;  ///< of segments: rows, deletes, indexes
  bool flush_is_due = false;
  uint64_t num_builds_left = 0;  ///< indexes of segments
  uint64_t num_compactions_left = 0;
};

struct CollectionDescription {
  std::string name{};
  Schema schema{};
  CollectionOptions options{};
  /// Live. With ttl_seconds, expired rows count until compaction has removed them; Count does not
  /// count them.
  uint64_t num_rows = 0;
  uint64_t manifest_version = 0;
  uint64_t store_bytes = 0;
  LoadState load_state = LoadState::kNotLoaded;
  std::vector<IndexDescription> indexes{};
  uint64_t journal_bytes = 0;
  /// What garbage collection last saw in the store that nothing names, and left; see GarbageReport.
  uint64_t orphan_objects = 0;
  uint64_t orphan_bytes = 0;
  /// Why the last compaction that began by itself failed, and is tried again later; "" when it did
  /// not.
  std::string compaction_error{};
  /// Bytes of segments that compactions have written since this opening.
  uint64_t compacted_bytes = 0;
  RecoveryReport recovery{};  ///< of this opening
};

enum class SegmentState { kGrowing, kSealed, kFlushed, kDamaged };

struct SegmentDescription {
  std::string id{};
  int32_t shard = 0;
  SegmentState state = SegmentState::kGrowing;
  uint64_t num_rows = 0;
  uint64_t num_deleted_rows = 0;
  uint64_t store_bytes = 0;
  uint64_t memory_bytes = 0;
  uint64_t mapped_bytes = 0;     ///< shown by the system, see LoadMode::kMap; not in memory_bytes
  uint64_t unchecked_bytes = 0;  ///< of those, what is still to be checked behind
  std::vector<std::string> indexed_fields{};
  /// Of growing rows, those that searches find by an interim index; see
  /// CollectionOptions::interim_index. Where several fields have one, that which has the fewest.
  uint64_t interim_rows = 0;
  std::string damage{};  ///< why it is kDamaged
};

/// Rows of one schema, searchable by their vectors. A handle: cheap to move, any number may be open
/// on one collection. Thread-safe: any call from any thread. After Close of the database or
/// DropCollection every call is FailedPrecondition.
///
/// Writes are atomic: a batch is visible whole, in all shards at once, or not at all, and survives
/// whole or not at all. When Insert, Upsert or Delete returns OK the write is visible and durable
/// to the level that its result names, by default against a power cut. Unknown means that it may or
/// may not have been done, and that only opening the collection again tells; after a failure of the
/// journal or of a commit the collection answers FailedPrecondition to writes, naming the first
/// cause, while reads go on, until it is opened again.
class Collection {
 public:
  explicit Collection(std::shared_ptr<engine::CollectionHandle> handle);
  ~Collection();

  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;

  /// Adds rows. AlreadyExists, naming the key, when one is there already (see DuplicateKeyPolicy);
  /// InvalidArgument, naming field, value and limit, for rows that do not fit the schema, a key
  /// twice in the batch, no rows, or more than 64 MiB; ResourceExhausted over the memory budget.
  /// Nothing is applied then.
  absl::StatusOr<WriteResult> Insert(const RowBatch& rows, const WriteOptions& options,
                                     const Context& context = {});
  absl::StatusOr<WriteResult> Insert(const RowBatch& rows, const Context& context = {});

  /// Adds rows, replacing those of the same keys: readers see the old rows or the new, never both
  /// or neither. Errors as Insert, without AlreadyExists; InvalidArgument with auto_id.
  absl::StatusOr<WriteResult> Upsert(const RowBatch& rows, const WriteOptions& options,
                                     const Context& context = {});
  absl::StatusOr<WriteResult> Upsert(const RowBatch& rows, const Context& context = {});

  /// Deletes rows by key. Keys without a row are no error. InvalidArgument for keys of the other
  /// type.
  absl::StatusOr<WriteResult> Delete(const Keys& keys, const WriteOptions& options,
                                     const Context& context = {});
  absl::StatusOr<WriteResult> Delete(const Keys& keys, const Context& context = {});

  /// Deletes the rows that match, as one atomic write: no row that is written meanwhile is missed
  /// or hit by half of it. InvalidArgument for an empty filter, which would be every row (write
  /// `true`), and when the keys of the rows together are more than 64 MiB; otherwise errors as
  /// Query.
  absl::StatusOr<WriteResult> DeleteWhere(const RowFilter& filter, const WriteOptions& options,
                                          const Context& context = {});
  absl::StatusOr<WriteResult> DeleteWhere(const RowFilter& filter, const Context& context = {});

  /// Takes a segment that was built elsewhere, by SegmentBuilder or MergeSegments, into the
  /// collection, in one commit. Its objects are copied from `source`, where they stay, and every
  /// byte of its rows is checked. The rows are those of one write of now, whatever times they were
  /// built with: visible together, and durable, when this returns. Indexes of the specs that the
  /// collection has are taken along; others are built behind, as after Flush, which this does
  /// first.
  ///
  /// InvalidArgument for another schema, for rows that are deleted (MergeSegments leaves them out),
  /// a key that comes twice, and keys of several shards (see ShardsOf); AlreadyExists, naming the
  /// key, when one is in the collection, whatever DuplicateKeyPolicy says, and while a row that has
  /// expired still has it; NotFound and DataLoss for objects that are missing or damaged;
  /// ResourceExhausted over the memory budget; FailedPrecondition without a journal while others
  /// write. Nothing is taken then. Writers wait while it commits.
  absl::StatusOr<WriteResult> IngestSegment(ObjectStore& source, const SegmentInfo& segment,
                                            const Context& context = {});

  /// The shard of each key, to build segments for IngestSegment by. InvalidArgument for keys of the
  /// other type.
  absl::StatusOr<std::vector<int32_t>> ShardsOf(const Keys& keys) const;

  /// Reads rows by key, in the order of the keys; those without a row are left out. `fields` empty
  /// means all. Needs no Load. NotFound for an unknown field, InvalidArgument for keys of the other
  /// type.
  absl::StatusOr<RowBatch> Get(const Keys& keys, std::span<const std::string> fields = {},
                               const Context& context = {}) const;

  /// The same for the state that `consistency` names; see Consistency for its errors.
  absl::StatusOr<RowBatch> Get(const Keys& keys, std::span<const std::string> fields,
                               const Consistency& consistency, const Context& context = {}) const;

  /// Live rows, exactly. With Consistency::AsOf, and where rows may have expired, it reads the
  /// timestamps of segments.
  absl::StatusOr<uint64_t> Count(const Context& context = {}) const;
  absl::StatusOr<uint64_t> Count(const Consistency& consistency, const Context& context = {}) const;

  /// Live rows that match, exactly. Errors as Query.
  absl::StatusOr<uint64_t> Count(const RowFilter& filter, const Context& context = {}) const;
  absl::StatusOr<uint64_t> Count(const RowFilter& filter, const Consistency& consistency,
                                 const Context& context = {}) const;

  /// Reads the rows that match. Needs no Load. InvalidArgument, with the place, for a mistake in
  /// the filter; and for a limit or an offset out of range; NotFound for an unknown output field;
  /// DataLoss when files of a segment are damaged; see Consistency for its errors.
  absl::StatusOr<RowBatch> Query(const QueryRequest& request, const Context& context = {}) const;

  /// Reads the same rows in batches, however many there are; `request.limit` of 0 means all, and
  /// the ceiling of Query does not hold. `order_by_key` must be set. Errors as Query;
  /// InvalidArgument for a position that is none.
  absl::StatusOr<std::unique_ptr<QueryIterator>> OpenQueryIterator(
      const QueryRequest& request, const IteratorOptions& options = {},
      const Context& context = {}) const;

  /// Holds the state of now for further reads.
  absl::StatusOr<std::shared_ptr<const Snapshot>> PinSnapshot(const Context& context = {}) const;

  /// Moves every write that has returned from the journal into segments, in one commit. The errors
  /// of the store; after one nothing is lost and a later Flush tries again. Without a journal this
  /// is what makes writes durable. With `auto_compaction`, waits for or does compactions first
  /// while a shard has 10 small segments.
  absl::Status Flush(const Context& context = {});

  /// The largest WriteOptions::host_sequence up to which every write survives whatever happens: the
  /// host's log may be cut there. 0 when there is none.
  absl::StatusOr<uint64_t> DurableUpTo() const;

  /// Reads the newest state, in a database that was opened for reading alone; otherwise there is
  /// nothing to do. DataLoss when that state is damaged: the one of before goes on.
  absl::Status Refresh(const Context& context = {});

  /// Defines the index of a field; returns when that is committed, the builds run behind. Flushed
  /// segments of 1024 rows and more get one, smaller ones and growing rows are looked through row
  /// by row. One index per field: AlreadyExists. NotFound for an unknown field; InvalidArgument for
  /// a bad spec or one that is for another kind of field: see the params of IndexSpec.
  absl::Status CreateIndex(std::string_view field, const IndexSpec& spec,
                           const Context& context = {});

  /// Gives a field an index of another type or with other parameters; returns when that is
  /// committed. The new one is built behind, beside the old: each segment answers by its old index
  /// until its new one is ready (WaitForIndex), no search fails or goes without an index. FLAT is
  /// exact at once: rows are compared, and read from the store as long as only codes are in memory.
  /// SearchRequest::params are those of the new type from now on; segments that are not there yet
  /// take defaults of theirs. Also changes back, or to a third, while builds run: these stop. OK
  /// when the index is as asked for already. NotFound when the field has no index; InvalidArgument
  /// for a bad spec, as CreateIndex, and for another metric, whose results are others: drop the
  /// index for that.
  absl::Status AlterIndex(std::string_view field, const IndexSpec& spec,
                          const Context& context = {});

  /// Gives a vector field an index that was built elsewhere, by IndexBuilder or FromFaiss, instead
  /// of building one; returns when that is committed, and searches use it. `index` is only read.
  ///
  /// It becomes the index of the flushed segment whose vectors are its rows: as many, in the order
  /// in which they were inserted, deleted ones included, the same in every bit, all of which is
  /// looked at. So insert the vectors of the index, in order, into a collection of one shard whose
  /// segments have room for them (CollectionOptions::segment_max_bytes times seal_proportion), and
  /// Flush. A compaction puts rows elsewhere: turn `auto_compaction` off for more than one index.
  /// The field has an index of this spec afterwards, as after CreateIndex, and other segments get
  /// theirs built; call this for each segment that has an index waiting.
  ///
  /// NotFound for an unknown field; InvalidArgument for one of scalars or another dim;
  /// FailedPrecondition when no flushed segment has these rows, with what the nearest to it has
  /// instead; AlreadyExists when the field has an index of another spec, or the segment has one.
  absl::Status AttachIndex(std::string_view field, const Index& index, const Context& context = {});

  /// Waits until every flushed segment that needs the index of `field` has it, and takes part in
  /// building. NotFound when the field has no index; the error of the build when it failed.
  absl::Status WaitForIndex(std::string_view field, const Context& context = {});

  /// Removes an index, and stops its builds. NotFound when the field has none. A loaded collection
  /// that keeps no index of a vector field is released.
  absl::Status DropIndex(std::string_view field, const Context& context = {});

  /// NotFound when the field has no index.
  absl::StatusOr<IndexDescription> DescribeIndex(std::string_view field) const;
  bool HasIndex(std::string_view field) const;

  /// Begins to merge segments and to rewrite them without the rows that were deleted; returns an id
  /// for CompactionState and WaitForCompaction, the work is done behind. Rows that were deleted
  /// after the last Flush stay, as do those that Consistency::AsOf may ask for (`retention_ms`).
  /// Reads, writes and flushes go on; a target has its indexes, and is loaded when the collection
  /// is, before it takes the place of its sources, whose objects go with CollectGarbage.
  /// FailedPrecondition in a database that was opened for reading alone, and when the collection
  /// takes no writes.
  absl::StatusOr<uint64_t> Compact(const CompactOptions& options = {}, const Context& context = {});

  /// How far it has come. NotFound for an id that Compact did not give since the collection was
  /// opened, and for one of more than 1000 compactions ago.
  absl::StatusOr<CompactionReport> CompactionState(uint64_t id) const;

  /// Waits until a compaction is done, and takes part in it. NotFound as CompactionState; the error
  /// of the compaction when it failed: nothing is lost then, and Compact may be called again, after
  /// ResourceExhausted when there is room. After Cancelled and DeadlineExceeded it goes on behind.
  absl::Status WaitForCompaction(uint64_t id, const Context& context = {});

  /// Does what is otherwise done behind, in the calling thread, for a host that wants no background
  /// work: a flush when growing rows or the journal have come to their limits, then the indexes of
  /// segments that lack them, one by one, then compactions, the most urgent first (none when
  /// `auto_compaction` is off), then garbage collection when it has not been done for long. Stops
  /// when nothing is due or the budget is used up, and says what is left. InvalidArgument for a
  /// negative `time_ms`; the errors of the store and the memory budget, after which nothing is
  /// lost. An index that cannot be built keeps nothing else from being done: its error comes last.
  absl::StatusOr<MaintenanceReport> Maintain(const MaintenanceBudget& budget = {},
                                             const Context& context = {});

  /// Reads what searches need into memory, or maps it; the index of a scalar field is read when it
  /// is first used. Several segments at once, while writes and flushes go on.
  ///
  /// FailedPrecondition when no vector field has an index yet, or one that is named has none, and
  /// when the collection was released meanwhile; NotFound for an unknown field, InvalidArgument for
  /// one of scalars and an unknown shard; ResourceExhausted over the memory budget,
  /// with the figures of EstimateLoad and what would help. Nothing is loaded then, and nothing
  /// after Cancelled and DeadlineExceeded. OK when it is loaded already. A segment that is damaged
  /// fails no load: searches of it are DataLoss.
  absl::Status Load(const LoadOptions& options, const Context& context = {});
  absl::Status Load(const Context& context = {});

  /// Begins to load behind, on the executor, and gives the job, or the one that is at the same
  /// already. Errors of the options as Load; others are the job's.
  absl::StatusOr<std::shared_ptr<LoadJob>> StartLoad(const LoadOptions& options = {},
                                                     const Context& context = {});

  /// How far the load of now, or the last one since Release, is or was.
  LoadReport LoadProgress() const;

  /// Says within 10 % what Load would take beyond what is in memory, from the sizes of the files;
  /// for kMap what kRead would. Errors of the options as Load.
  absl::StatusOr<LoadEstimate> EstimateLoad(const LoadOptions& options = {}) const;

  /// Limits the memory of this collection, until it is closed, to a part of what its database has;
  /// 0 takes the limit away. What is there already stays: writes and loads are refused until enough
  /// has been given back.
  absl::Status SetMemoryLimit(uint64_t limit_bytes);

  /// What memory the collection has taken, and for what.
  absl::StatusOr<vecdb::MemoryReport> MemoryReport() const;

  /// Gives the memory of Load back. Searches that run go on to their end; a load that runs is
  /// stopped, and who waits for it gets FailedPrecondition.
  absl::Status Release(const Context& context = {});

  /// kLoaded as soon as something is loaded; LoadProgress says more.
  vecdb::LoadState LoadState() const;

  /// Finds the rows whose vectors are nearest to each query, among all rows that
  /// `request.consistency` shows, which says more of its errors.
  /// FailedPrecondition when the collection is not loaded or the field has no index; NotFound for
  /// an unknown field; InvalidArgument for vectors of another dim, NaN or Inf, limits and
  /// parameters out of range, another metric than the index's, a mistake in the filter (with its
  /// place), a range whose bounds are the wrong way round; DataLoss when files of a segment are
  /// damaged, see SearchRequest::allow_partial.
  absl::StatusOr<SearchResult> Search(const SearchRequest& request,
                                      const Context& context = {}) const;

  /// Gives the hits of one query in batches, however many there are; limit, offset and `params` of
  /// the request are not used. Errors as Search; InvalidArgument for more than one query,
  /// `group_by`, and a position that is none.
  absl::StatusOr<std::unique_ptr<SearchIterator>> OpenSearchIterator(
      const SearchRequest& request, const IteratorOptions& options = {},
      const Context& context = {}) const;

  /// Runs a search and says how it was done: the filter in normal form, and of each segment the
  /// plan, what the filter was estimated to match and matches, and what the search cost. Errors as
  /// Search.
  absl::StatusOr<SearchStats> Explain(const SearchRequest& request,
                                      const Context& context = {}) const;

  absl::StatusOr<CollectionDescription> Describe() const;
  absl::StatusOr<std::vector<SegmentDescription>> Segments() const;

 private:
  std::shared_ptr<engine::CollectionHandle> handle_;
};

}  // namespace vecdb

#endif  // VECDB_COLLECTION_H_
