#ifndef VECDB_CATALOG_GARBAGE_COLLECTOR_H_
#define VECDB_CATALOG_GARBAGE_COLLECTOR_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "catalog/version_store.h"
#include "vecdb/context.h"
#include "vecdb/object_store.h"

namespace vecdb::catalog {

// Removes what no version needs any more: old versions of a document, and the data objects that
// only they named or that nobody ever named (orphans of a crash or a lost race).
//
// A version is in retention when it is the newest, or when the one that replaced it is younger than
// the grace period: a reader in another process may just have opened it. One that is held is in
// retention, and versions above one in retention are too. An object goes when no version in
// retention names it, no live snapshot pins it, and it was older than the grace period when the
// oldest running job began: a job commits only at its end what it has written.

struct GarbageOptions {
  int64_t grace_ms = 3'600'000;  ///< longer than any commit takes, and than clocks differ
  int64_t now_ms = 0;            ///< the time, comparable to ObjectInfo::modified_ms
  /// When the oldest job that writes objects began; the largest value when none is running.
  int64_t oldest_job_ms = std::numeric_limits<int64_t>::max();
  /// Of the writer that collects, which must be the newest; 0 when the caller knows it is.
  uint64_t epoch = 0;
  bool dry_run = false;  ///< delete nothing, and report what would be
  /// Gives the lowest version that somebody elsewhere holds, with all above it; the largest number
  /// when nobody does. Called when the versions have been listed: who holds one from then on looks
  /// for the newest after that. Null: nobody holds any.
  std::function<absl::StatusOr<uint64_t>()> lowest_held{};
};

struct GarbageReport {
  uint64_t versions_deleted = 0;
  uint64_t objects_deleted = 0;
  uint64_t bytes_deleted = 0;  ///< of both
  /// Objects that no version in retention names and that are still there: too young, pinned, or not
  /// to be deleted.
  uint64_t orphan_objects = 0;
  uint64_t orphan_bytes = 0;
  uint64_t delete_errors = 0;  ///< of any object; the next collection tries again

  friend bool operator==(const GarbageReport&, const GarbageReport&) = default;
};

/// The full names of the objects that a version needs.
using References = std::function<absl::StatusOr<std::vector<std::string>>(const Version& version)>;
/// Whether a live snapshot needs the object of that full name. Called just before it would go.
using IsPinned = std::function<bool(const std::string& name)>;

/// Collects the versions of `versions` and the objects below `scope`, all of which belong to that
/// document. May run beside commits, readers and other collections, and may be killed at any call.
///
/// NotFound when there is no version, DataLoss when one in retention is damaged, FailedPrecondition
/// when a writer of a higher epoch is there, Unavailable when another collection is in the way,
/// InvalidArgument for a negative grace period, errors of the store and of `references` as they
/// are: nothing was deleted. Cancelled and DeadlineExceeded may come between two deletes. Objects
/// that cannot be deleted are counted, and are no error.
absl::StatusOr<GarbageReport> CollectGarbage(ObjectStore& store, const VersionStore& versions,
                                             const ObjectPath& scope, const References& references,
                                             const IsPinned& is_pinned,
                                             const GarbageOptions& options, const Context& context);

}  // namespace vecdb::catalog

#endif  // VECDB_CATALOG_GARBAGE_COLLECTOR_H_
