#include "engine/segment_objects.h"

#include "segment/sealed_segment.h"

namespace vecdb::engine {
namespace {

SegmentObject ToObject(const SegmentInfo& info, const ObjectRef& object, format::FileKind kind) {
  return {.name = info.folder + "/" + object.name,
          .kind = kind,
          .summary = {object.size_bytes, object.checksum}};
}

}  // namespace

std::vector<SegmentObject> ObjectsOf(const SegmentInfo& info) {
  std::vector<SegmentObject> objects;
  for (const ObjectRef& object : info.objects) {
    objects.push_back(ToObject(info, object,
                               object.name == segment::ColumnFileName()
                                   ? format::FileKind::kColumns
                                   : format::FileKind::kVectors));
  }
  for (const SegmentIndexInfo& index : info.indexes) {
    objects.push_back(ToObject(info, index.object, format::FileKind::kIndex));
  }
  if (info.deletes.has_value()) {
    objects.push_back(ToObject(info, *info.deletes, format::FileKind::kDeletes));
  }
  return objects;
}

std::vector<std::string> ObjectNamesOf(const SegmentInfo& info) {
  std::vector<std::string> names = {info.folder + "/segment.json"};
  for (const SegmentObject& object : ObjectsOf(info)) names.push_back(object.name);
  return names;
}

std::vector<std::string> ObjectNamesOf(const format::Manifest& manifest) {
  std::vector<std::string> names;
  for (const format::ManifestSegment& segment : manifest.segments) {
    for (std::string& name : ObjectNamesOf(segment.info)) names.push_back(std::move(name));
  }
  return names;
}

void RemoveObjectsBelow(ObjectStore& store, const std::string& folder) {
  const auto path = ObjectPath::Parse(folder);
  if (!path.ok()) return;  // nothing was written yet
  const auto objects = store.List(*path, {});
  if (!objects.ok()) return;
  for (const ObjectInfo& object : *objects) store.Delete(object.path, {}).IgnoreError();
}

}  // namespace vecdb::engine
