#ifndef VECDB_CATALOG_CATALOG_TESTING_H_
#define VECDB_CATALOG_CATALOG_TESTING_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "catalog/version_store.h"
#include "catalog/version_writer.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::catalog {

inline std::string NameOf(uint64_t number) { return absl::StrFormat("%020d.json", number); }
inline std::string BoundaryNameOf(uint64_t number) {
  return absl::StrFormat("boundary-%020d.json", number);
}

/// Options for tests, which never wait.
inline VersionStoreOptions NoPause() {
  return {.pause = [](int) {}};
}

/// The versions in folder "m" of a store, which is what the tests of this folder use.
inline VersionStore VersionsOf(ObjectStore& store, VersionStoreOptions options = NoPause()) {
  return VersionStore(&store, support::PathOf("m"), "manifest", std::move(options));
}

/// A next body that keeps the state.
inline absl::StatusOr<std::string> SameBody(const Version& newest) { return newest.body; }

/// Writes the object of a version as somebody else would.
inline void PutVersion(ObjectStore& store, const Version& version, uint64_t under = 0) {
  const auto document = ToDocument("manifest", version);
  ASSERT_OK(document);
  const std::string name = NameOf(under == 0 ? version.number : under);
  ASSERT_OK(PutObject(store, support::PathOf(absl::StrFormat("m/%s", name)), *document));
}

/// The paths below `prefix`.
inline std::vector<std::string> PathsBelow(ObjectStore& store, std::string_view prefix) {
  std::vector<std::string> paths;
  const auto objects = store.List(support::PathOf(prefix));
  EXPECT_OK(objects);
  if (!objects.ok()) return paths;
  for (const ObjectInfo& object : *objects) paths.push_back(object.path.str());
  return paths;
}

}  // namespace vecdb::catalog

#endif  // VECDB_CATALOG_CATALOG_TESTING_H_
