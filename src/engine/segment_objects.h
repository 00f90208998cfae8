#ifndef VECDB_ENGINE_SEGMENT_OBJECTS_H_
#define VECDB_ENGINE_SEGMENT_OBJECTS_H_

#include <string>
#include <vector>

#include "format/manifest.h"
#include "format/section_file.h"
#include "vecdb/segment.h"

namespace vecdb::engine {

/// A section file of a segment, by its full name.
struct SegmentObject {
  std::string name{};
  format::FileKind kind = format::FileKind::kColumns;
  format::FileSummary summary{};
};

/// The section files that a segment consists of.
std::vector<SegmentObject> ObjectsOf(const SegmentInfo& info);

/// The full names of all objects of a segment, segment.json among them.
std::vector<std::string> ObjectNamesOf(const SegmentInfo& info);
/// The same for all segments of a manifest.
std::vector<std::string> ObjectNamesOf(const format::Manifest& manifest);

/// Deletes what lies in the folder of a segment that no manifest names, and none will. What cannot
/// be deleted is left to garbage collection.
void RemoveObjectsBelow(ObjectStore& store, const std::string& folder);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_SEGMENT_OBJECTS_H_
