#include "segment/merge.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "index/vector_view.h"
#include "segment/growing_segment.h"
#include "segment/segment_writer.h"

namespace vecdb::segment {
namespace {

constexpr uint32_t kPieceRows = 4096;

struct KeptRows {
  std::vector<uint32_t> rows;
  uint64_t num_expired = 0;  // that were left out for nothing else
};

absl::StatusOr<KeptRows> RowsToKeep(const SealedSegment& segment, const NeedlessRows& needless,
                                    const Context& context) {
  KeptRows kept;
  std::shared_ptr<const ResidentColumn> times;  // null: none has expired
  if (needless.written_before > segment.info().min_timestamp) {
    VECDB_ASSIGN_OR_RETURN(times, segment.GetTimestamps(context));
  }
  for (uint32_t row = 0; row < segment.num_rows(); ++row) {
    if (segment.deletes()->DeletedAt(row, needless.deleted_until)) continue;
    if (times == nullptr ||
        static_cast<uint64_t>(times->column.int64s()[row]) >= needless.written_before) {
      kept.rows.push_back(row);
    } else {
      ++kept.num_expired;
    }
  }
  return kept;
}

absl::StatusOr<Resident> LoadAllVectors(const SealedSegment& segment, const Context& context) {
  const Schema& schema = segment.info().schema;
  Resident resident;
  resident.fields.resize(schema.fields.size());
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].type != DataType::kFloatVector) continue;
    VECDB_ASSIGN_OR_RETURN(resident.fields[i].vectors, segment.LoadVectors(i, context));
  }
  return resident;
}

// The rows [first, first + count). Vectors are borrowed: copies would be memory that nobody counts.
absl::StatusOr<RowBatch> ReadPiece(const SealedSegment& segment, const Resident& resident,
                                   uint32_t first, uint32_t count, const Context& context) {
  const Schema& schema = segment.info().schema;
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), first);
  RowBatch batch(schema);
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    const FieldSpec& field = schema.fields[i];
    if (field.type == DataType::kFloatVector) {
      const index::VectorView& view = resident.fields[i].vectors->view;
      const std::span<const float> vectors(view.row(first),
                                           size_t{count} * static_cast<size_t>(view.dim));
      batch.SetColumn(field.name, {field.type, field.dim, Column::Vectors{.borrowed = vectors}});
      continue;
    }
    VECDB_ASSIGN_OR_RETURN(Column column, segment.Gather(i, rows, nullptr, context));
    batch.SetColumn(field.name, std::move(column));
  }
  if (schema.enable_dynamic_field) {
    VECDB_ASSIGN_OR_RETURN(Column column,
                           segment.Gather(schema.fields.size(), rows, nullptr, context));
    batch.SetColumn(kDynamicFieldName, std::move(column));
  }
  return batch;
}

// `rows` ascend.
absl::Status AppendRows(const SealedSegment& segment, std::span<const uint32_t> rows,
                        const Context& context, GrowingSegment* merged) {
  if (rows.empty()) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(const auto times, segment.GetTimestamps(context));
  VECDB_ASSIGN_OR_RETURN(const Resident resident, LoadAllVectors(segment, context));
  std::vector<uint32_t> kept;  // of a piece, from its first row on
  for (auto next = rows.begin(); next != rows.end();) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const uint32_t first = *next;
    kept.clear();
    for (; next != rows.end() && *next - first < kPieceRows; ++next) kept.push_back(*next - first);
    const uint32_t count = kept.back() + 1;
    VECDB_ASSIGN_OR_RETURN(const RowBatch batch,
                           ReadPiece(segment, resident, first, count, context));
    VECDB_RETURN_IF_ERROR(merged->Reserve(batch, kept));
    merged->AppendAt(batch, kept, times->column.int64s().subspan(first, count));
  }
  return absl::OkStatus();
}

bool HasIndex(const SealedSegment& segment, const SegmentIndexInfo& wanted) {
  return std::any_of(
      segment.info().indexes.begin(), segment.info().indexes.end(),
      [&](const auto& index) { return index.field == wanted.field && index.spec == wanted.spec; });
}

std::vector<WantedIndex> CommonIndexes(std::span<const std::shared_ptr<SealedSegment>> segments) {
  const SegmentInfo& first = segments.front()->info();
  std::vector<WantedIndex> common;
  for (const SegmentIndexInfo& wanted : first.indexes) {
    const bool in_all = std::all_of(segments.begin(), segments.end(), [&](const auto& segment) {
      return HasIndex(*segment, wanted);
    });
    if (in_all)
      common.push_back({.column = *first.schema.FindField(wanted.field), .spec = wanted.spec});
  }
  return common;
}

// The numbers of the segments, oldest first.
std::vector<size_t> ByAge(std::span<const std::shared_ptr<const SealedSegment>> segments) {
  std::vector<size_t> order(segments.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&segments](size_t a, size_t b) {
    return segments[a]->info().min_timestamp < segments[b]->info().min_timestamp;
  });
  return order;
}

}  // namespace

absl::StatusOr<GatheredRows> GatherRows(
    std::span<const std::shared_ptr<const SealedSegment>> segments, const NeedlessRows& needless,
    const Host& host, const Context& context) {
  GatheredRows gathered{.maps = std::vector<RowMap>(segments.size())};
  gathered.rows = std::make_unique<GrowingSegment>(
      std::make_shared<const Schema>(segments.front()->info().schema), host);
  for (const size_t i : ByAge(segments)) {
    VECDB_ASSIGN_OR_RETURN(const KeptRows kept, RowsToKeep(*segments[i], needless, context));
    gathered.num_expired += kept.num_expired;
    gathered.maps[i].assign(segments[i]->num_rows(), kNoRow);
    uint32_t next = gathered.rows->num_rows();
    for (const uint32_t row : kept.rows) gathered.maps[i][row] = next++;
    VECDB_RETURN_IF_ERROR(AppendRows(*segments[i], kept.rows, context, gathered.rows.get()));
  }
  return gathered;
}

void CarryDeletes(const base::DeleteTimes& deletes, const RowMap& map, base::DeleteTimes* merged) {
  deletes.ForEach(map.size(), std::numeric_limits<uint64_t>::max(),
                  [&map, merged](uint32_t row, uint64_t time) {
                    if (map[row] != kNoRow) merged->Set(map[row], time);
                  });
}

absl::StatusOr<SegmentInfo> Merge(std::span<const std::shared_ptr<SealedSegment>> segments,
                                  std::shared_ptr<ObjectStore> store, const ObjectPath& folder,
                                  const Host& host, const Context& context) {
  const std::vector<std::shared_ptr<const SealedSegment>> all(segments.begin(), segments.end());
  VECDB_ASSIGN_OR_RETURN(
      const GatheredRows gathered,
      GatherRows(all, {.deleted_until = std::numeric_limits<uint64_t>::max()}, host, context));
  if (gathered.rows->num_rows() == 0) {
    return absl::FailedPreconditionError("no row of the segments to merge is alive");
  }
  return WriteSegment(*gathered.rows, CommonIndexes(segments), store, folder, host, context);
}

}  // namespace vecdb::segment
