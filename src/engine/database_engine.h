#ifndef VECDB_ENGINE_DATABASE_ENGINE_H_
#define VECDB_ENGINE_DATABASE_ENGINE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/gate.h"
#include "base/hybrid_clock.h"
#include "base/mutex.h"
#include "base/throttle.h"
#include "base/ticker.h"
#include "catalog/version_writer.h"
#include "engine/collection_handle.h"
#include "format/manifest.h"
#include "vecdb/database.h"
#include "vecdb/metrics.h"

namespace vecdb::engine {

/// The inside of a Database: the catalog of collections, and those that are open. Thread-safe.
///
/// The catalog is one document whose versions are committed as manifests are. Creating makes the
/// manifest of the collection first and its catalog entry after it; dropping marks the entry first
/// and removes the objects after it. A crash in between leaves objects that nothing names, never a
/// name without objects.
class DatabaseEngine {
 public:
  static absl::StatusOr<std::shared_ptr<DatabaseEngine>> Open(const DatabaseOptions& options,
                                                              const Context& context);
  ~DatabaseEngine();

  absl::StatusOr<std::shared_ptr<CollectionHandle>> Create(std::string_view name,
                                                           const Schema& schema,
                                                           const CollectionOptions& options,
                                                           const Context& context);
  absl::StatusOr<std::shared_ptr<CollectionHandle>> OpenCollection(std::string_view name,
                                                                   const OpenOptions& options,
                                                                   const Context& context);
  bool Has(std::string_view name) const;
  std::vector<std::string> List() const;
  absl::Status Rename(std::string_view from, std::string_view to, const Context& context);
  absl::Status Drop(std::string_view name, const Context& context);
  absl::Status Refresh(const Context& context);
  absl::StatusOr<GarbageReport> CollectGarbage(const Context& context);
  MemoryReport ReportMemory() const;
  DatabaseMetrics& metrics() const { return *environment_.metrics; }
  /// Those of the database and of each collection that is open, by name.
  std::vector<MetricFamily> CollectMetrics() const;
  absl::StatusOr<VerifyReport> Verify(const Context& context);
  absl::Status Checkpoint(ObjectStore& target, const Context& context);
  absl::Status Close(const Context& context);

  /// Closes without flushing.
  void Abandon();

 private:
  using Entries = std::vector<format::CatalogEntry>;

  struct Catalog {
    uint64_t number = 0;  // of the version
    Entries entries{};
  };

  // Where a database lies.
  struct Places {
    std::shared_ptr<ObjectStore> store{};
    std::shared_ptr<FileSystem> journal_files{};
    std::unique_ptr<FileLock> journal_lock{};  // when journals lie apart from the data
  };

  DatabaseEngine(const DatabaseOptions& options, Places places);

  static absl::StatusOr<std::shared_ptr<DatabaseEngine>> OpenReadOnly(
      const DatabaseOptions& options, const Context& context);
  static absl::StatusOr<Places> OpenPlaces(const DatabaseOptions& options);
  absl::Status ProbeStore(bool promised, const Context& context);

  absl::Status ReadOrCreateIdentity(const Context& context);
  absl::Status ReadCatalog(const Context& context);
  absl::Status CommitCatalog(Entries entries, const Context& context);
  absl::Status CreateCatalog(const ObjectPath& folder, const Context& context);
  absl::Status CheckOpen() const;
  /// Takes the DDL gate of a database that is open.
  absl::StatusOr<base::Gate::Pass> BeginDdl(const Context& context);
  /// The same for a call that changes something.
  absl::StatusOr<base::Gate::Pass> BeginChange(const Context& context);

  // Of reading alone, in database_following.cc.
  using OnRefreshError =
      std::function<void(const CollectionEngine* collection, const absl::Status& error)>;
  std::unique_ptr<base::Ticker> MakeFollower();
  std::unique_ptr<base::Ticker> MakeRenewer();
  void BeginFollowing();
  void EndFollowing();
  void TellOfRefresh(const CollectionEngine* collection, const absl::Status& error) const;
  absl::StatusOr<std::optional<Catalog>> ReadCatalogBehind(uint64_t number, const Context& context);
  absl::Status LookAtCatalog(const Context& context);
  absl::StatusOr<std::vector<std::shared_ptr<CollectionHandle>>> FollowCatalog(
      const Context& context);
  absl::Status RefreshAll(const OnRefreshError& on_error, const Context& context);

  absl::Status CloseCollections(const Context& context);
  absl::StatusOr<std::shared_ptr<CollectionEngine>> OpenEngine(const format::CatalogEntry& entry,
                                                               const OpenOptions& options,
                                                               const Context& context);
  std::shared_ptr<CollectionHandle> FindOpen(const std::string& id);
  absl::StatusOr<std::shared_ptr<CollectionHandle>> OpenLocked(const format::CatalogEntry& entry,
                                                               const OpenOptions& options,
                                                               const Context& context);
  Entries ReadEntries() const;
  absl::StatusOr<format::CatalogEntry> FindEntry(std::string_view name) const;
  void ReleaseUnused(const CollectionCore& asking, uint64_t bytes) const;
  absl::Status RemoveObjects(const std::string& collection_id, const Context& context);
  void RemoveDropped(const Context& context);
  std::vector<std::shared_ptr<CollectionEngine>> OpenCollections() const;
  std::vector<std::shared_ptr<CollectionEngine>> EnginesToClose() const;

  const std::shared_ptr<ObjectStore> store_;
  const bool read_only_;
  std::unique_ptr<BuildSlots> build_slots_;
  std::unique_ptr<Executor> pool_;  // when the host brings none
  std::unique_ptr<base::HybridClock> clock_;
  std::unique_ptr<base::Throttle> compaction_throttle_;
  Environment environment_;
  std::unique_ptr<StoreLock> lock_;
  std::unique_ptr<FileLock> journal_lock_;

  base::Gate ddl_gate_;  // create, open, rename, drop, close; before any lock of a collection
  std::unique_ptr<catalog::VersionWriter> catalog_;  // guarded by the gate; null for reading alone

  mutable base::Mutex mutex_;  // a leaf
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<CollectionHandle>> open_ ABSL_GUARDED_BY(mutex_);  // by id
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t read_catalog_ ABSL_GUARDED_BY(mutex_) = 0;  // version of entries_, for reading alone
  int64_t refresh_interval_ms_ = 0;                    // set by opening
  std::unique_ptr<base::Ticker> follower_ ABSL_GUARDED_BY(mutex_);  // null when nothing follows
  std::unique_ptr<base::Ticker> renewer_ ABSL_GUARDED_BY(mutex_);   // of leases; null without
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_DATABASE_ENGINE_H_
