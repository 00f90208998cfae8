#ifndef VECDB_CATALOG_VERSION_STORE_H_
#define VECDB_CATALOG_VERSION_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/context.h"
#include "vecdb/object_store.h"

namespace vecdb::catalog {

// How a state becomes the next one: version n of a document is the object `<folder>/<n, 20
// digits>.json`, created only if it is absent, so that of two writers to one version exactly one
// commits. Each document carries a random commit id; when the store's answer leaves it open whether
// a commit landed, the id that is found under the number tells.

/// One committed document.
struct Version {
  uint64_t number = 0;
  std::string body{};  ///< JSON
};

/// The versions of one document. Thread-safe; knows nothing of what the document says.
class VersionStore {
 public:
  /// `kind` names the document, as in "manifest"; `store` is borrowed.
  VersionStore(ObjectStore* store, ObjectPath folder, std::string kind);

  /// The newest version; nullopt when there is none. DataLoss when it is damaged,
  /// FailedPrecondition when it was written by a newer library.
  absl::StatusOr<std::optional<Version>> ReadNewest(const Context& context) const;

  /// Commits `body`, a JSON object, as version `number`. Aborted when another writer has committed
  /// that version. Unknown when it cannot be told whether the commit landed: stop writing and open
  /// again. Any other error: it did not land.
  absl::Status Commit(uint64_t number, std::string_view body, const Context& context) const;

 private:
  absl::StatusOr<ObjectPath> PathOf(uint64_t number) const;
  absl::StatusOr<Version> Read(uint64_t number, std::string* commit_id,
                               const Context& context) const;
  absl::Status FindOutcome(uint64_t number, std::string_view commit_id, const absl::Status& answer,
                           const Context& context) const;

  ObjectStore* store_;
  ObjectPath folder_;
  std::string kind_;
};

}  // namespace vecdb::catalog

#endif  // VECDB_CATALOG_VERSION_STORE_H_
