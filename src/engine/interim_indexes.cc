#include "engine/interim_indexes.h"

#include <algorithm>
#include <variant>

#include "base/status_macros.h"
#include "engine/missing_index.h"

namespace vecdb::engine {
namespace {

// What one call adds to an index: background work is not to hold a thread for long.
constexpr uint32_t kRowsAtOnce = 4096;
// With more, building them takes longer than searching without what it wins.
constexpr int32_t kMostEfConstruction = 128;

bool HasInterim(const View& view, const format::IndexDefinition& index) {
  return !index.spec.is_scalar() && !std::holds_alternative<FlatParams>(index.spec.params) &&
         view.LoadsField(index.field);
}

// Whether searches read the growing rows of a segment.
bool ReadsGrowing(const View& view, const query::SegmentView& segment) {
  return segment.growing != nullptr && !segment.reads_sealed() && view.LoadsShard(segment.shard);
}

// One for another metric, of an index that is no more, has none of them.
uint32_t IndexedRows(const segment::GrowingSegment& growing, size_t column, Metric metric) {
  const auto interim = growing.interim(column);
  return interim == nullptr || interim->spec().metric != metric ? 0 : interim->num_rows();
}

bool IsDue(const segment::GrowingSegment& growing, size_t column, Metric metric) {
  const uint32_t num_rows = growing.num_rows();
  return num_rows >= kMinInterimRows &&
         num_rows - IndexedRows(growing, column, metric) >= kInterimLag;
}

HnswParams ParamsOf(const IndexSpec& spec) {
  HnswParams params;
  if (const auto* hnsw = std::get_if<HnswParams>(&spec.params)) params = *hnsw;
  params.ef_construction = std::min(params.ef_construction, kMostEfConstruction);
  return params;
}

absl::Status Extend(const segment::GrowingSegment& growing, size_t column, const IndexSpec& spec,
                    const Context& context) {
  const HnswParams params = ParamsOf(spec);
  const auto interim = growing.EnsureInterim(column, spec.metric, params.m, params.ef_construction);
  return interim->Extend(std::min(growing.num_rows(), interim->num_rows() + kRowsAtOnce), context);
}

}  // namespace

bool InterimIsDue(const CollectionCore& core) {
  if (!core.options().interim_index) return false;
  const std::shared_ptr<const View> view = core.Read().view;
  if (!view->loaded) return false;
  for (const query::SegmentView& segment : view->segments) {
    if (!ReadsGrowing(*view, segment)) continue;
    for (const format::IndexDefinition& index : view->indexes) {
      if (!HasInterim(*view, index)) continue;
      const size_t column = *core.schema()->FindField(index.field);
      if (IsDue(*segment.growing, column, index.spec.metric)) return true;
    }
  }
  return false;
}

absl::Status ExtendInterims(CollectionCore* core, const Context& context) {
  const std::shared_ptr<const View> view = core->Read().view;
  if (!view->loaded) return absl::OkStatus();
  for (const query::SegmentView& segment : view->segments) {
    if (!ReadsGrowing(*view, segment)) continue;
    for (const format::IndexDefinition& index : view->indexes) {
      const size_t column = *core->schema()->FindField(index.field);
      if (!HasInterim(*view, index) || !IsDue(*segment.growing, column, index.spec.metric))
        continue;
      VECDB_RETURN_IF_ERROR(Extend(*segment.growing, column, index.spec, context));
    }
  }
  return absl::OkStatus();
}

bool ServesUntilBuilt(const CollectionCore& core, const View& view,
                      const query::SegmentView& segment) {
  if (segment.growing == nullptr || segment.growing->interim_bytes() == 0) return false;
  // The build needs the rows once more; where that is near the limit, these go first.
  const uint64_t rows_bytes = segment.growing->memory_bytes();
  if (core.host().budget->FreeBytes() / 2 < rows_bytes) return false;
  return std::any_of(view.indexes.begin(), view.indexes.end(), [&](const auto& index) {
    return HasInterim(view, index) && NeedsBuild(index.spec, segment.growing->num_rows());
  });
}

}  // namespace vecdb::engine
