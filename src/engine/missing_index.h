#ifndef VECDB_ENGINE_MISSING_INDEX_H_
#define VECDB_ENGINE_MISSING_INDEX_H_

#include <cstdint>
#include <string_view>

#include "engine/collection_core.h"
#include "format/manifest.h"
#include "segment/sealed_segment.h"
#include "vecdb/index_spec.h"
#include "vecdb/segment.h"

namespace vecdb::engine {

/// Segments below this are compared row by row, as in Milvus.
inline constexpr uint64_t kMinIndexedRows = 1024;

/// Whether a segment of `num_rows` is to have an object of its own for an index.
bool NeedsBuild(const IndexSpec& spec, uint64_t num_rows);

/// The index of a field that a segment has; nullptr when it has none.
const SegmentIndexInfo* FindIndex(const SegmentInfo& info, std::string_view field);

/// Leaves out the indexes that are not, or not so, defined in `view`.
void KeepWantedIndexes(const View& view, SegmentInfo* info);

/// True when the segment needs no (further) build for `definition`.
bool IsIndexed(const segment::SealedSegment& segment, const format::IndexDefinition& definition);

/// True when it needs none for any index of a vector field.
bool HasVectorIndexes(const segment::SealedSegment& segment, const View& view);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_MISSING_INDEX_H_
