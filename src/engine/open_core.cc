#include "engine/open_core.h"

#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/collection_options.h"

namespace vecdb::engine {

absl::StatusOr<format::Manifest> ReadManifest(const catalog::Version& version,
                                              const std::string& id, std::string_view name) {
  VECDB_ASSIGN_OR_RETURN(
      format::Manifest manifest,
      format::ManifestFromJson(
          base::StrFormat("collections/%s/manifest, version %d", id, version.number),
          version.body));
  if (manifest.collection_id == id && manifest.schema.Validate().ok() &&
      manifest.options.journal != JournalPlace::kAuto && ValidateOptions(manifest.options).ok()) {
    return manifest;
  }
  return absl::DataLossError(
      base::StrFormat("collection %s: impossible manifest version %d", name, version.number));
}

absl::Status NoManifest(std::string_view name, const ObjectPath& folder) {
  return absl::DataLossError(
      base::StrFormat("collection %s: no manifest in %s", name, folder.str()));
}

std::shared_ptr<CollectionCore> MakeCore(const Environment& environment, const std::string& id,
                                         std::string_view name, const ObjectPath& folder,
                                         format::Manifest manifest, const catalog::Version& version,
                                         std::unique_ptr<catalog::VersionWriter> manifests) {
  environment.clock->Observe(manifest.flushed_timestamp);
  auto core = std::make_shared<CollectionCore>(environment, id, folder, std::move(manifest),
                                               version, std::move(manifests));
  core->set_name(name);
  return core;
}

bool KeepsItselfLoaded(const CollectionCore& core) {
  return core.options().load == LoadPolicy::kKeepLoaded &&
         format::HasVectorIndex(core.manifest().indexes);
}

}  // namespace vecdb::engine
