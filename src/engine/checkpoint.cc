#include "engine/checkpoint.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/large_buffer.h"
#include "base/status_macros.h"
#include "engine/segment_objects.h"

namespace vecdb::engine {
namespace {

constexpr uint64_t kCopyBytes = 4ULL << 20;

absl::Status CopyObject(ObjectStore& from, ObjectStore& to, const std::string& name,
                        base::LargeBuffer* buffer, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse(name));
  VECDB_ASSIGN_OR_RETURN(const auto reader, from.Open(path, context));
  VECDB_ASSIGN_OR_RETURN(const auto writer, to.Create(path, context));
  for (uint64_t at = 0; at < reader->size(); at += kCopyBytes) {
    const auto part = buffer->bytes().first(std::min(kCopyBytes, reader->size() - at));
    VECDB_RETURN_IF_ERROR(reader->ReadAt(at, part, context));
    VECDB_RETURN_IF_ERROR(writer->Append(part, context));
  }
  return writer->Finish(context);
}

}  // namespace

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
  VECDB_ASSIGN_OR_RETURN(auto buffer, base::LargeBuffer::Make(kCopyBytes, core->host(),
                                                              "a checkpoint", MemoryUse::kBuilds));
  for (const std::string& name : ObjectNamesOf(manifest)) {
    VECDB_RETURN_IF_ERROR(CopyObject(*core->store(), target, name, &buffer, context));
  }
  manifest.journal = {};
  manifest.kept_journals.clear();
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, core->folder().Join("manifest"));
  return catalog::VersionWriter::CreateFirst({&target, folder, "manifest"},
                                             format::ManifestToJson(manifest), context)
      .status();
}

}  // namespace vecdb::engine
