#ifndef VECDB_ENGINE_OPEN_CORE_H_
#define VECDB_ENGINE_OPEN_CORE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "catalog/version_writer.h"
#include "engine/collection_core.h"
#include "format/manifest.h"

namespace vecdb::engine {

// What opening a collection for writing and for reading alone have in common.

/// What a version of the manifest says. DataLoss when it cannot be one of this collection.
absl::StatusOr<format::Manifest> ReadManifest(const catalog::Version& version,
                                              const std::string& id, std::string_view name);

/// DataLoss.
absl::Status NoManifest(std::string_view name, const ObjectPath& folder);

/// The state of a collection whose manifest was committed, or, with null `manifests`, found as
/// `version`.
std::shared_ptr<CollectionCore> MakeCore(const Environment& environment, const std::string& id,
                                         std::string_view name, const ObjectPath& folder,
                                         format::Manifest manifest, const catalog::Version& version,
                                         std::unique_ptr<catalog::VersionWriter> manifests);

/// Whether opening loads it.
bool KeepsItselfLoaded(const CollectionCore& core);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_OPEN_CORE_H_
