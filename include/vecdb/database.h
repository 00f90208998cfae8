#ifndef VECDB_DATABASE_H_
#define VECDB_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/collection.h"
#include "vecdb/context.h"
#include "vecdb/events.h"
#include "vecdb/host.h"
#include "vecdb/memory_budget.h"
#include "vecdb/metrics.h"
#include "vecdb/object_store.h"
#include "vecdb/schema.h"

namespace vecdb {

namespace engine {
class DatabaseEngine;
}

struct DatabaseOptions {
  /// Directory of the database, created when absent. Leave it out when `store` is given.
  std::string path{};
  /// Keeps the data instead of a local directory.
  std::shared_ptr<ObjectStore> store{};
  /// Stands for `path`: a file system of the host's.
  std::shared_ptr<FileSystem> file_system{};
  /// Where journals lie that are kept in a directory (CollectionOptions::journal). Default: beside
  /// the data; with `store` there is none, and journals are objects.
  std::shared_ptr<FileSystem> journal_directory{};
  /// Opens for reading alone, beside a writer in this or another process: nothing is written or
  /// locked. Shows the state of Open or of the last Refresh, the journal's writes included when it
  /// can be read from here. NotFound when there is no database. See Database::OpenReadOnly.
  bool read_only = false;
  /// Of a database for reading alone: it refreshes itself this often, up to a tenth sooner or later
  /// by chance so that many readers do not ask at once, on a thread of its own that ends with
  /// Close, whatever executor the host brings. 0: only Refresh does, and reads whose level of
  /// consistency asks for it. At most a day.
  int64_t refresh_interval_ms = 0;
  /// Of a database for reading alone: reads the journal too, so that rows are searchable before
  /// they are flushed. False saves its requests, and shows what has been flushed.
  bool tail_journal = true;
  /// Of a database for reading alone: keeps what it reads from being collected by leases in the
  /// store that run so long, and are renewed while it is open. 0: it writes nothing, and what there
  /// is is gc_grace_ms of the writer. Otherwise a second to a day: several times as long as clocks
  /// of machines differ, and as a put takes.
  int64_t reader_lease_ms = 0;
  /// Opens for writing a store that does not create objects only if they are absent, or says so
  /// wrongly. Then nothing but this promise keeps two writers from destroying each other's data.
  bool i_promise_single_writer = false;
  Host host{};
  /// Most bytes of memory that the database takes for rows, vectors, indexes and what goes with
  /// them, below the limit of Host::budget; 0 is no limit of its own. What does not fit is refused:
  /// ResourceExhausted. See Collection::SetMemoryLimit for one collection.
  uint64_t memory_limit_bytes = 0;
  /// Lets a load that does not fit, once caches are empty, release collections that were loaded by
  /// hand (LoadPolicy::kManual), those first that were searched longest ago. Searches of them are
  /// FailedPrecondition until they are loaded again. kKeepLoaded collections stay.
  bool release_unused_collections = false;
  /// Lets a load that does not fit after that map parts of the files of the segments it reads,
  /// where the store can: first as with LoadMode::kMapCopies, and if that does not suffice, kMap.
  bool map_when_full = false;
  /// Objects that nothing names any more are deleted when they are older than this, 0 to a year:
  /// longer than a commit may take, than clocks of machines differ, and than a read-only database
  /// without a lease goes without Refresh.
  int64_t gc_grace_ms = 3'600'000;
  /// Threads of the database's own pool when the host brings no executor; 0 means one per core.
  int32_t num_threads = 0;
  /// Indexes of segments that are built at the same time, in all collections; 0 means one per two
  /// threads. Beside others only those are begun that the memory left suffices for.
  int32_t max_index_builds = 0;
  /// One search in so many is repeated behind, at the lowest priority and one at a time, by
  /// comparing all rows of the same state: IndexDescription::live_recall then says what searches
  /// find. 0: none. Only the first query counts; not repeated are searches of FLAT, those with a
  /// range, groups or a RowFilter::Custom.
  uint64_t recall_sample_every = 0;
  /// What compactions of all collections together write in a second at most; 0: no limit.
  uint64_t compaction_bytes_per_second = 0;
  /// Is told of flushes, builds, compactions, loads, held-up writers and errors; see events.h.
  std::shared_ptr<EventListener> listener{};
  /// Ceiling of `offset + limit` of a search, 1 to 1,048,576.
  int32_t max_result_rows = 16384;
};

/// What garbage collection did.
struct GarbageReport {
  uint64_t versions_deleted = 0;  ///< manifests and catalogs
  uint64_t objects_deleted = 0;
  uint64_t bytes_deleted = 0;
  /// Named by nothing and still there: too young, pinned by a snapshot, or not to be deleted.
  uint64_t orphan_objects = 0;
  uint64_t orphan_bytes = 0;
  uint64_t delete_errors = 0;  ///< the next collection tries again
};

/// What reading everything found.
struct VerifyReport {
  uint64_t num_objects = 0;
  uint64_t bytes = 0;
  std::vector<std::string> damage{};  ///< one line per damaged or missing object
};

/// A set of collections in one directory or object store, owned by one process at a time.
///
/// Thread-safe. Opening a database opens no collection and starts no work; ten thousand empty
/// collections cost no descriptor and no thread.
class Database {
 public:
  /// Opens a database, creating an empty one when the place is empty. InvalidArgument without a
  /// path or a store, or with both; FailedPrecondition when another writer has it open, when `path`
  /// is no directory or when it was written by a newer version; DataLoss when its files are
  /// damaged; PermissionDenied.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const DatabaseOptions& options,
                                                        const Context& context = {});

  /// Opens a database for reading alone, beside the one process that writes it: Open with
  /// `read_only` set. NotFound when there is none.
  ///
  ///     auto reader = Database::OpenReadOnly({.store = bucket, .refresh_interval_ms = 500});
  static absl::StatusOr<std::unique_ptr<Database>> OpenReadOnly(DatabaseOptions options,
                                                                const Context& context = {});

  /// Closes without flushing, as a crash would: what is durable is found by the next opening.
  ~Database();

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Creates a collection. Names: 1 to 255 bytes, a letter or '_', then letters, digits and '_'.
  /// AlreadyExists; InvalidArgument naming field, value and limit; ResourceExhausted past 65,536 of
  /// them.
  absl::StatusOr<std::unique_ptr<Collection>> CreateCollection(
      std::string_view name, const Schema& schema, const CollectionOptions& options = {},
      const Context& context = {});

  /// Opens a collection, or gives another handle on it; writes that a crash has left in its journal
  /// are brought back first. One that takes no writes any more is opened anew. NotFound; DataLoss
  /// when its manifest, a segment or its journal is damaged; FailedPrecondition when its journal is
  /// not there.
  absl::StatusOr<std::unique_ptr<Collection>> OpenCollection(std::string_view name,
                                                             const OpenOptions& options,
                                                             const Context& context = {});
  absl::StatusOr<std::unique_ptr<Collection>> OpenCollection(std::string_view name,
                                                             const Context& context = {});

  bool HasCollection(std::string_view name) const;

  /// Names, sorted.
  std::vector<std::string> ListCollections() const;

  /// NotFound for `from`, AlreadyExists for `to`. Open handles stay good.
  absl::Status RenameCollection(std::string_view from, std::string_view to,
                                const Context& context = {});

  /// Removes a collection and its objects. Calls that run on it end, later ones are
  /// FailedPrecondition.
  absl::Status DropCollection(std::string_view name, const Context& context = {});

  /// Reads the newest catalog and the newest state of each open collection, in a database that was
  /// opened for reading alone; otherwise there is nothing to do. A collection that cannot be read
  /// now keeps the state that it has, and the others go on; the first error is returned.
  absl::Status Refresh(const Context& context = {});

  /// Deletes what nothing needs any more: old manifests and catalogs, replaced objects, what
  /// crashes and failures have left, of the catalog and of the collections that are open. Runs
  /// behind by itself after flushes; may run beside everything. Errors of the store; what was
  /// deleted by then needed to go.
  absl::StatusOr<GarbageReport> CollectGarbage(const Context& context = {});

  /// What memory the database and each of its open collections have taken, and for what.
  vecdb::MemoryReport MemoryReport() const;

  /// What the database and each of its open collections have counted, and what there is now, by
  /// name; docs/metrics.md says what each is. Never fails: a database that is closed has its own
  /// figures left.
  std::vector<MetricFamily> CollectMetrics() const;

  /// The same as text for Prometheus; see vecdb::MetricsText.
  std::string MetricsText() const;

  /// Reads and checks every object of every collection, and the journals. Damage is no error: it is
  /// in the report. Opens collections that are not open.
  absl::StatusOr<VerifyReport> Verify(const Context& context = {});

  /// Flushes, and copies the objects of one state of each collection to `store` below `prefix` (""
  /// for all of it), where it opens as a database through `WithPrefix(store, prefix)`: a backup.
  /// Writes go on meanwhile. AlreadyExists when something is there; after any other error what was
  /// copied is no database, and is to be removed.
  absl::Status Checkpoint(const std::shared_ptr<ObjectStore>& store, std::string_view prefix,
                          const Context& context = {});

  /// Flushes every open collection, stops background work, and ends every thread of the library.
  /// All handles are dead afterwards. When a flush fails its error is returned and the database
  /// stays open, so that Close can be tried again; a collection that takes no writes any more
  /// cannot be flushed, does not keep the database open, and its reason is returned. OK when it is
  /// closed already.
  absl::Status Close(const Context& context = {});

 private:
  explicit Database(std::shared_ptr<engine::DatabaseEngine> engine);
  std::shared_ptr<engine::DatabaseEngine> engine_;
};

}  // namespace vecdb

#endif  // VECDB_DATABASE_H_
