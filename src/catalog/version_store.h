#ifndef VECDB_CATALOG_VERSION_STORE_H_
#define VECDB_CATALOG_VERSION_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "catalog/version_document.h"
#include "vecdb/context.h"
#include "vecdb/object_store.h"

namespace vecdb::catalog {

// How a state becomes the next one: version n of a document is the object `<folder>/<n, 20
// digits>.json`, created only if it is absent, so that of two writers to one version exactly one
// commits. Each document carries a random commit id and that of the version before it.
//
// A commit is
//
//   1. put version n           after this there is no way back: caller's deadline and cancel end
//   2. read it back            when the answer was not OK: the id that is found tells whose it is
//   3. list the folder         a writer may have slept for hours between 1 and its answer:
//                              meanwhile others can have gone on, and garbage collection can have
//                              removed n, so that the put made it anew. When n is no longer the
//                              newest it is committed if version n + 1 is based on it.
//
// What cannot be found out is Unknown, never a guess. `<folder>/boundary-<n, 20 digits>.json` says
// that versions below n may have been removed; the highest one counts. Other names are ignored.

/// What VersionStore takes from outside; the defaults are for production.
struct VersionStoreOptions {
  /// Waits before the given try, 1 or higher, to read back; by default 10, 40 and 160 ms.
  std::function<void(int attempt)> pause{};
  /// Gives a fresh commit id of letters and digits; by default base::RandomId.
  std::function<std::string()> new_id{};
};

/// The object of a version or of a boundary.
struct VersionInfo {
  uint64_t number = 0;
  uint64_t size_bytes = 0;
  int64_t modified_ms = 0;  ///< by the store's clock
};

/// What lies in the folder of a document; both are ascending.
struct VersionList {
  std::vector<VersionInfo> versions{};
  std::vector<VersionInfo> boundaries{};

  /// The number of the newest version, 0 without one.
  uint64_t newest() const { return versions.empty() ? 0 : versions.back().number; }
  /// Versions below it may have been removed; 0 when none was.
  uint64_t boundary() const { return boundaries.empty() ? 0 : boundaries.back().number; }
};

/// The versions of one document. A value, immutable and thread-safe; knows nothing of what the
/// document says.
class VersionStore {
 public:
  /// `kind` names the document, as in "manifest"; `store` is borrowed.
  VersionStore(ObjectStore* store, ObjectPath folder, std::string kind,
               VersionStoreOptions options = {});

  const std::string& kind() const { return kind_; }

  /// The newest version, also while others commit and collect garbage; nullopt when there is none.
  /// DataLoss when it is damaged or gone, FailedPrecondition when it was written by a newer
  /// library, Unavailable when it changed at every look.
  absl::StatusOr<std::optional<Version>> ReadNewest(const Context& context) const;

  /// NotFound when there is no such version; otherwise as ReadNewest.
  absl::StatusOr<Version> Read(uint64_t number, const Context& context) const;

  absl::StatusOr<VersionList> List(const Context& context) const;

  /// What has come behind version `number`, and the boundaries: one request, however many versions
  /// there are. To ask for the next number instead would find nothing for ever once that had been
  /// collected.
  absl::StatusOr<VersionList> ListAfter(uint64_t number, const Context& context) const;

  /// Commits `body`, a JSON object, as the version behind `base` and gives that. Aborted when
  /// another writer has committed it. Unknown when it cannot be told whether the commit landed, or
  /// it landed and may not last: stop writing and open again. Any other error: it did not land and
  /// never will. Cancel and deadline are looked at until the put, which takes 30 s at most; it and
  /// what comes behind are seen through.
  absl::StatusOr<Version> CommitNext(const Version& base, uint64_t epoch, std::string body,
                                     const Context& context) const;

  /// Says for good that versions below `number` may be removed. For garbage collection.
  absl::Status PutBoundary(uint64_t number, const Context& context) const;

  /// Removes a version, or a boundary object. For garbage collection. OK when it is not there.
  absl::Status DeleteVersion(uint64_t number, const Context& context) const;
  absl::Status DeleteBoundary(uint64_t number, const Context& context) const;

 private:
  VersionList ToVersions(const std::vector<ObjectInfo>& objects) const;
  absl::StatusOr<ObjectPath> PathOf(uint64_t number) const;
  absl::StatusOr<ObjectPath> BoundaryPathOf(uint64_t number) const;
  absl::StatusOr<std::unique_ptr<ObjectWriter>> StartPut(const Version& next,
                                                         const Context& context) const;
  absl::Status Settle(const Version& next, const absl::Status& answer) const;
  absl::Status FindOurs(const Version& next, const absl::Status& answer,
                        const Context& context) const;
  absl::Status CheckStands(const Version& next, const Context& context) const;
  absl::Status CheckIsBase(const Version& version, uint64_t newest, const Context& context) const;
  absl::Status OutcomeUnknown(const Version& next, std::string_view why) const;
  absl::Status Lost(uint64_t number) const;

  ObjectStore* store_;
  ObjectPath folder_;
  std::string kind_;
  VersionStoreOptions options_;
};

}  // namespace vecdb::catalog

#endif  // VECDB_CATALOG_VERSION_STORE_H_
