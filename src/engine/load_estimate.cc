#include "engine/load_estimate.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/str_format.h"
#include "engine/load_run.h"
#include "engine/loader.h"
#include "index/index_estimate.h"
#include "index/vector_index.h"

namespace vecdb::engine {
namespace {

// A load that comes so near to the limit is tried: estimates are not that exact.
constexpr double kTriedShare = 0.9;

const SegmentIndexInfo* FindIndexOf(const SegmentInfo& info, std::string_view field) {
  const auto found = std::find_if(info.indexes.begin(), info.indexes.end(),
                                  [&](const auto& index) { return index.field == field; });
  return found == info.indexes.end() ? nullptr : &*found;
}

uint64_t VectorBytes(const SegmentInfo& info, size_t column) {
  const uint64_t floats = static_cast<uint64_t>(info.schema.fields[column].dim) + 1;  // and a norm
  return info.num_rows * floats * sizeof(float);
}

void AddField(const query::SegmentView& segment, size_t column, LoadMode mode,
              LoadEstimate* estimate) {
  const SegmentInfo& info = segment.sealed->info();
  segment::ResidentField known;
  if (segment.resident != nullptr) known = segment.resident->fields[column];
  const SegmentIndexInfo* index = FindIndexOf(info, info.schema.fields[column].name);
  if (index != nullptr && segment.sealed->index_damaged(column)) index = nullptr;
  const int32_t dim = info.schema.fields[column].dim;
  if (index != nullptr && known.index == nullptr) {
    estimate->index_bytes +=
        index::LoadedFileBytes(index->object.size_bytes, info.num_rows, dim, index->spec) +
        index::BytesBesideFile(info.num_rows, dim, index->spec);
    if (mode == LoadMode::kMapCopies) {
      estimate->index_bytes -=
          std::min(estimate->index_bytes, index::CopiesBytes(info.num_rows, dim, index->spec));
    }
  }
  const bool needs_rows = index == nullptr || index::NeedsRowsInMemory(index->spec, dim);
  const bool has_rows = known.vectors != nullptr && known.vectors->view.rows != nullptr;
  if (needs_rows && !has_rows) estimate->vector_bytes += VectorBytes(info, column);
}

std::string AsLimit(uint64_t bytes) {
  return bytes == MemoryBudget::kNoLimit ? "unlimited" : base::StrFormat("%d", bytes);
}

}  // namespace

void AddToEstimate(const query::SegmentView& segment, std::span<const size_t> columns,
                   LoadMode mode, LoadEstimate* estimate) {
  for (const size_t column : columns) AddField(segment, column, mode, estimate);
  if (segment.resident == nullptr) estimate->key_bytes += segment.sealed->key_bytes();
}

LoadEstimate EstimateLoad(const CollectionCore& core, const View& view,
                          const LoadOptions& options) {
  const LoadOptions wanted = AddToLoaded(core, view, options);
  const std::vector<size_t> columns = LoadedColumns(*core.schema(), view, wanted);
  LoadEstimate estimate{.free_bytes = core.host().budget->FreeBytes()};
  for (const query::SegmentView& segment : view.segments) {
    if (segment.sealed == nullptr) continue;
    if (IsNamed(wanted.shards, segment.shard))
      AddToEstimate(segment, columns, wanted.mode, &estimate);
  }
  return estimate;
}

absl::Status DoesNotFit(const CollectionCore& core, const LoadEstimate& estimate,
                        const absl::Status& cause) {
  return absl::ResourceExhaustedError(base::StrFormat(
      "loading collection %s takes about %d bytes (vectors %d, indexes %d, keys %d); %d are free "
      "of "
      "%s for the database and %s for the collection%s. Release another collection, raise the "
      "limit, map it or its copies (LoadMode::kMap, kMapCopies), or choose an index that leaves "
      "the vectors in the store: "
      "HNSW "
      "on codes, IVF_SQ8, IVF_PQ, DISKANN",
      core.name(), estimate.total_bytes(), estimate.vector_bytes, estimate.index_bytes,
      estimate.key_bytes, core.host().budget->FreeBytes(),
      AsLimit(core.environment().accounts->database().limit_bytes()),
      AsLimit(core.host().budget->limit_bytes()),
      cause.ok() ? "" : base::StrFormat(" (%s)", std::string(cause.message()))));
}

absl::Status CheckFits(const CollectionCore& core, const LoadEstimate& estimate) {
  const uint64_t wanted = estimate.total_bytes();
  const MemoryBudget& budget = *core.host().budget;
  if (wanted <= budget.FreeBytes()) return absl::OkStatus();
  core.environment().accounts->database().DropCaches();
  if (wanted > budget.FreeBytes() && core.environment().release_others) {
    core.environment().release_others(core, wanted);
  }
  const auto least = static_cast<uint64_t>(static_cast<double>(wanted) * kTriedShare);
  return least <= budget.FreeBytes() ? absl::OkStatus() : DoesNotFit(core, estimate, {});
}

}  // namespace vecdb::engine
