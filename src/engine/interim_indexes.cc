#include "engine/interim_indexes.h"

#include <algorithm>
#include <memory>
#include <variant>
#include <vector>

#include "base/out_of_memory.h"
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

// An interim index that is to be extended.
struct Due {
  std::shared_ptr<const segment::GrowingSegment> growing{};
  size_t column = 0;
  IndexSpec spec{};
};

std::vector<Due> FindDue(const CollectionCore& core) {
  std::vector<Due> due;
  if (!core.options().interim_index) return due;
  const std::shared_ptr<const View> view = core.Read().view;
  if (!view->loaded) return due;
  for (const query::SegmentView& segment : view->segments) {
    if (!ReadsGrowing(*view, segment)) continue;
    for (const format::IndexDefinition& index : view->indexes) {
      const size_t column = *core.schema()->FindField(index.field);
      if (!HasInterim(*view, index) || !IsDue(*segment.growing, column, index.spec.metric))
        continue;
      due.push_back({.growing = segment.growing, .column = column, .spec = index.spec});
    }
  }
  return due;
}

}  // namespace

bool InterimIsDue(const CollectionCore& core) {
  bool is_due = false;
  base::OrOutOfMemory([&] { is_due = !FindDue(core).empty(); }).IgnoreError();
  return is_due;
}

absl::Status ExtendInterims(CollectionCore* core, const Context& context) {
  for (const Due& due : FindDue(*core)) {
    VECDB_RETURN_IF_ERROR(Extend(*due.growing, due.column, due.spec, context));
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
