#include "engine/checkpoint.h"

#include <utility>
#include <vector>

#include "base/large_buffer.h"
#include "base/status_macros.h"
#include "engine/segment_objects.h"
#include "store/copy_object.h"

namespace vecdb::engine {

absl::Status CheckpointCollection(CollectionCore* core, ObjectStore& target,
                                  const Context& context) {
  const CollectionCore::Job job(core);
  format::Manifest manifest;
  std::shared_ptr<const View> view;  // pins the objects
  {
    VECDB_ASSIGN_OR_RETURN(const auto pass, core->maintenance_gate().Enter(context));
    manifest = core->manifest();
    view = core->Read().view;
  }
  VECDB_ASSIGN_OR_RETURN(auto buffer, base::LargeBuffer::Make(store::kCopyBytes, core->host(),
                                                              "a checkpoint", MemoryUse::kBuilds));
  for (const std::string& name : ObjectNamesOf(manifest)) {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse(name));
    VECDB_RETURN_IF_ERROR(
        store::CopyObject(*core->store(), path, target, path, buffer.bytes(), context));
  }
  manifest.journal = {};
  manifest.kept_journals.clear();
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, core->folder().Join("manifest"));
  return catalog::VersionWriter::CreateFirst({&target, folder, "manifest"},
                                             format::ManifestToJson(manifest), context)
      .status();
}

}  // namespace vecdb::engine
