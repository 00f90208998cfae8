#include "segment/merge.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "segment/growing_segment.h"
#include "segment/segment_writer.h"

namespace vecdb::segment {
namespace {

constexpr size_t kPieceRows = 4096;

std::vector<uint32_t> LiveRows(const SealedSegment& segment) {
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < segment.num_rows(); ++row) {
    if (segment.deletes()->at(row) == 0) rows.push_back(row);
  }
  return rows;
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

absl::StatusOr<RowBatch> ReadPiece(const SealedSegment& segment, const Resident& resident,
                                   std::span<const uint32_t> rows, const Context& context) {
  const Schema& schema = segment.info().schema;
  RowBatch batch(schema);
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    VECDB_ASSIGN_OR_RETURN(Column column, segment.Gather(i, rows, &resident, context));
    batch.SetColumn(schema.fields[i].name, std::move(column));
  }
  if (schema.enable_dynamic_field) {
    VECDB_ASSIGN_OR_RETURN(Column column,
                           segment.Gather(schema.fields.size(), rows, nullptr, context));
    batch.SetColumn(kDynamicFieldName, std::move(column));
  }
  return batch;
}

absl::Status AppendLiveRows(const SealedSegment& segment, const Context& context,
                            GrowingSegment* merged) {
  const std::vector<uint32_t> rows = LiveRows(segment);
  VECDB_ASSIGN_OR_RETURN(const auto times, segment.GetTimestamps(context));
  VECDB_ASSIGN_OR_RETURN(const Resident resident, LoadAllVectors(segment, context));
  for (size_t begin = 0; begin < rows.size(); begin += kPieceRows) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto piece = std::span(rows).subspan(begin, std::min(kPieceRows, rows.size() - begin));
    VECDB_ASSIGN_OR_RETURN(const RowBatch batch, ReadPiece(segment, resident, piece, context));
    std::vector<int64_t> piece_times;
    for (uint32_t row : piece) piece_times.push_back(times->column.int64s()[row]);
    std::vector<uint32_t> all(piece.size());
    std::iota(all.begin(), all.end(), 0u);
    VECDB_RETURN_IF_ERROR(merged->Reserve(batch, all));
    merged->AppendAt(batch, all, piece_times);
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

}  // namespace

absl::StatusOr<SegmentInfo> Merge(std::span<const std::shared_ptr<SealedSegment>> segments,
                                  std::shared_ptr<ObjectStore> store, const ObjectPath& folder,
                                  const Host& host, const Context& context) {
  std::vector<std::shared_ptr<SealedSegment>> oldest_first(segments.begin(), segments.end());
  std::stable_sort(oldest_first.begin(), oldest_first.end(), [](const auto& a, const auto& b) {
    return a->info().min_timestamp < b->info().min_timestamp;
  });
  const Schema& schema = oldest_first.front()->info().schema;
  GrowingSegment merged(std::make_shared<const Schema>(schema), host);
  for (const auto& segment : oldest_first) {
    VECDB_RETURN_IF_ERROR(AppendLiveRows(*segment, context, &merged));
  }
  if (merged.num_rows() == 0) {
    return absl::FailedPreconditionError("no row of the segments to merge is alive");
  }
  return WriteSegment(merged, CommonIndexes(oldest_first), store, folder, host, context);
}

}  // namespace vecdb::segment
