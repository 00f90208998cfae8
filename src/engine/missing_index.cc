#include "engine/missing_index.h"

#include <algorithm>
#include <variant>
#include <vector>

namespace vecdb::engine {

bool NeedsBuild(const IndexSpec& spec, uint64_t num_rows) {
  return !std::holds_alternative<FlatParams>(spec.params) && num_rows >= kMinIndexedRows;
}

const SegmentIndexInfo* FindIndex(const SegmentInfo& info, std::string_view field) {
  for (const SegmentIndexInfo& index : info.indexes) {
    if (index.field == field) return &index;
  }
  return nullptr;
}

void KeepWantedIndexes(const View& view, SegmentInfo* info) {
  std::erase_if(info->indexes, [&view](const SegmentIndexInfo& index) {
    const format::IndexDefinition* wanted = view.FindIndex(index.field);
    return wanted == nullptr || wanted->spec != index.spec;
  });
}

bool IsIndexed(const segment::SealedSegment& segment, const format::IndexDefinition& definition) {
  const SegmentInfo& info = segment.info();
  const SegmentIndexInfo* index = FindIndex(info, definition.field);
  if (!NeedsBuild(definition.spec, segment.num_rows())) return index == nullptr;
  return index != nullptr && index->spec == definition.spec &&
         !segment.index_damaged(*info.schema.FindField(definition.field));
}

bool HasVectorIndexes(const segment::SealedSegment& segment, const View& view) {
  return std::all_of(view.indexes.begin(), view.indexes.end(), [&segment](const auto& definition) {
    return definition.spec.is_scalar() || IsIndexed(segment, definition);
  });
}

}  // namespace vecdb::engine
