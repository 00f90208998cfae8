#ifndef VECDB_CACHED_STORE_H_
#define VECDB_CACHED_STORE_H_

/// A directory on local disk that keeps objects of a remote store, within a budget.
///
///     auto s3 = vecdb::OpenS3ObjectStore({...});
///     auto store = vecdb::OpenCachedObjectStore(*s3, {.directory = "/var/cache/app",
///                                                     .store_name = "https://host/bucket/prefix",
///                                                     .budget_bytes = uint64_t{200} << 30});
///     auto db = vecdb::Database::Open({.store = *store});
///
/// Vectors, graphs and lists are used from it as from a local store: they are mapped, and DISKANN
/// reads its pages by io_uring. docs/cache.md says what the directory holds and what happens when
/// it is full, damaged, shared or gone.

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/context.h"
#include "vecdb/file_system.h"
#include "vecdb/host.h"
#include "vecdb/metrics.h"
#include "vecdb/object_store.h"

namespace vecdb {

/// What a cache does with an object.
enum class CacheUse {
  kStore,  ///< every call goes to the store, and nothing is kept or looked for
  kWhole,  ///< fetched when it is opened, and read from the directory
  /// The same up to 1 MiB. A larger one, unless it is kept already, is read in ranges straight from
  /// the store until 1 MiB and a 64th of it were read, or it is mapped: then it is fetched. For
  /// files that are opened and may never be read.
  kWhenRead,
  kRanges,  ///< read in ranges straight from the store, unless it is kept already (Prefetch)
};

/// For objects below a folder "segments", whose names the library makes at random and never gives
/// twice, kWhenRead for rows (`.vseg`, `.vec`), which are opened with their collection, and kWhole
/// for what is opened to be read, indexes foremost. kStore for all others: versions of catalogs and
/// manifests, logs.
CacheUse DefaultCacheUse(const ObjectPath& path);

struct CachedStoreOptions {
  /// Created, with those above it, when absent. For this cache alone; processes may share it.
  std::string directory{};
  /// Instead of `directory`, which is "" then.
  std::shared_ptr<FileSystem> file_system{};

  /// Which store this is: endpoint, bucket and prefix, for example. 1 to 4096 bytes. What was kept
  /// under another name is never served, so that caches of several stores may share a directory;
  /// their budget is one.
  std::string store_name{};

  /// What all objects in the directory may take, those being fetched included: at least 1. Objects
  /// used longest ago go first; one that is open stays.
  uint64_t budget_bytes = 0;

  /// Asked at each Open; DefaultCacheUse when empty. An object that is kept must never be changed:
  /// a name must not be deleted elsewhere and be given to other bytes. Thread-safe.
  std::function<CacheUse(const ObjectPath&)> use{};

  /// Larger objects are kRanges, where they would be kWhole or kWhenRead.
  uint64_t whole_up_to_bytes = std::numeric_limits<uint64_t>::max();

  /// An object is fetched in ranges of this size, a multiple of 4 MiB up to 1 GiB, of which up to
  /// so many (1 to 64) are under way at a time, on threads of Host::executor. Without one, or on
  /// fewer threads, one read asks for as many ranges more, which S3 splits by itself. As many
  /// bytes are in memory as are under way, counted in Host::budget.
  uint64_t range_bytes = uint64_t{8} << 20;
  int parallel_ranges = 4;
};

/// What a cache has done since it was opened, and what there is now.
struct CacheUsage {
  uint64_t hits = 0;             ///< opens that found their object kept
  uint64_t misses = 0;           ///< those that had to fetch it, kWhenRead when it was read
  uint64_t fetched_objects = 0;  ///< that were then kept
  uint64_t fetched_bytes = 0;    ///< read from the store for that, also where it came to nothing
  uint64_t fetch_reads = 0;      ///< ... in so many reads
  uint64_t store_opens = 0;      ///< objects opened in the store, for whatever use but kStore
  uint64_t passed_opens = 0;     ///< opens whose reader goes to the store, at first at least
  uint64_t passed_reads = 0;     ///< reads of these: round trips, unless they are very large
  uint64_t passed_bytes = 0;
  uint64_t failed_reads = 0;     ///< of kept objects, after which the store was asked
  uint64_t no_room = 0;          ///< fetches given up because what is open leaves no room
  uint64_t failures = 0;         ///< fetches given up because the directory failed
  uint64_t evicted_objects = 0;  ///< by this process
  uint64_t evicted_bytes = 0;
  uint64_t damaged_files = 0;  ///< found not to be what was fetched, and removed
  uint64_t held_objects = 0;   ///< now, by all processes, as last looked
  uint64_t held_bytes = 0;
  uint64_t open_bytes = 0;  ///< of these, open in this process: they cannot be evicted

  friend bool operator==(const CacheUsage&, const CacheUsage&) = default;
};

/// What Prefetch came to.
struct PrefetchResult {
  uint64_t objects = 0;          ///< that are to be kept, of those asked for
  uint64_t bytes = 0;            ///< of these
  uint64_t fetched_objects = 0;  ///< the others were kept before, or no room was found
  uint64_t left_out = 0;         ///< no room was found, the directory failed, or it is empty

  friend bool operator==(const PrefetchResult&, const PrefetchResult&) = default;
};

/// A store whose objects are read through a cache. What it keeps to beyond ObjectStore:
///
///   - An object is fetched once, however many threads, and processes that share the directory,
///   open
///     it at a time. Each waits as long as its context allows; when the one that fetches stops,
///     another goes on where it was.
///   - Every piece is checksummed on its way in, and compared before the first use in each process.
///     What is damaged is removed, counted, fetched again.
///   - A kept object is answered without asking the store, also after another process has deleted
///     it there. Delete through this object, or any cache of the directory, removes it from both.
///   - A missing object is never remembered, and List goes to the store.
///   - A process may be killed at any moment, and the power cut: what it leaves is removed, or
///   found
///     damaged.
///   - Whatever the directory fails in after opening costs speed alone: reads go to the store.
///
/// Readers outlive it. Create and Lock are those of the store. Thread-safe.
class CachedObjectStore : public ObjectStore {
 public:
  /// Fetches objects that are not kStore, several at a time and each in parallel ranges.
  /// What is kept already is not read. Where the budget has no room for all of them, those that
  /// were fetched first go again. The errors of the store.
  virtual absl::StatusOr<PrefetchResult> Prefetch(std::span<const ObjectPath> paths,
                                                  const Context& context = {}) = 0;

  /// The same for all objects below `prefix`, a segment's folder for example. ResourceExhausted,
  /// before anything is fetched, when they are larger than the budget together.
  virtual absl::StatusOr<PrefetchResult> PrefetchBelow(const ObjectPath& prefix,
                                                       const Context& context = {}) = 0;

  /// Forgets an object, so that the next Open fetches it. For what was damaged before it came here:
  /// a DataLoss of the library names the object.
  virtual absl::Status Drop(const ObjectPath& path, const Context& context = {}) = 0;

  virtual CacheUsage usage() const = 0;

  /// The same as families named vecdb_cache_*; docs/cache.md lists them.
  virtual std::vector<MetricFamily> CollectMetrics() const = 0;
};

/// Opens a cache in front of `store`. `host`'s executor, clock, log and budget must outlive it and
/// its readers. InvalidArgument names the option, its value and what is allowed. An unusable
/// directory is the error that the system gives, which names it: PermissionDenied,
/// ResourceExhausted, FailedPrecondition.
absl::StatusOr<std::shared_ptr<CachedObjectStore>> OpenCachedObjectStore(
    std::shared_ptr<ObjectStore> store, CachedStoreOptions options, const Host& host = {});

}  // namespace vecdb

#endif  // VECDB_CACHED_STORE_H_
