#include "segment/segment_writer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/byte_io.h"
#include "base/parallel_for.h"
#include "base/random_id.h"
#include "base/reservation.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/column_file.h"
#include "format/delete_file.h"
#include "format/sealed_json.h"
#include "format/vector_file.h"
#include "index/calibrate.h"
#include "index/diskann_builder.h"
#include "schema/index_field.h"
#include "schema/row_check.h"
#include "segment/scalar_index_builder.h"

namespace vecdb::segment {
namespace {

ObjectRef RefOf(std::string name, const format::FileSummary& summary) {
  return {.name = std::move(name), .size_bytes = summary.size_bytes, .checksum = summary.checksum};
}

absl::StatusOr<ObjectRef> WriteColumns(const GrowingSegment& rows, uint32_t num_rows,
                                       ObjectStore& store, const ObjectPath& folder,
                                       const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, folder.Join(ColumnFileName()));
  VECDB_ASSIGN_OR_RETURN(auto writer,
                         format::ColumnFileWriter::Create(store, path, num_rows, context));
  const Schema& schema = rows.schema();
  const Column times(DataType::kInt64, 0, rows.Timestamps(num_rows));
  VECDB_RETURN_IF_ERROR(writer.AddColumn(format::kTimestampFieldId, times, context));
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].type == DataType::kFloatVector) continue;
    const Column column = rows.GatherAll(i, num_rows);
    VECDB_RETURN_IF_ERROR(
        writer.AddColumn(kFirstFieldId + static_cast<int32_t>(i), column, context));
    if (schema.fields[i].type == DataType::kJson) {
      VECDB_RETURN_IF_ERROR(
          writer.AddShreddedJson(kFirstFieldId + static_cast<int32_t>(i), column, context));
    }
    if (!schema.fields[i].primary_key) continue;
    VECDB_RETURN_IF_ERROR(writer.AddKeys(schema::KeyColumn(column), context));
  }
  if (schema.enable_dynamic_field) {
    const Column column = rows.GatherAll(schema.fields.size(), num_rows);
    VECDB_RETURN_IF_ERROR(writer.AddColumn(format::kDynamicFieldId, column, context));
    VECDB_RETURN_IF_ERROR(writer.AddShreddedJson(format::kDynamicFieldId, column, context));
  }
  VECDB_ASSIGN_OR_RETURN(const auto summary, writer.Finish(context));
  return RefOf(ColumnFileName(), summary);
}

absl::StatusOr<ObjectRef> WriteVectors(const GrowingSegment& rows, uint32_t num_rows, size_t column,
                                       ObjectStore& store, const ObjectPath& folder,
                                       const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, folder.Join(VectorFileName(column)));
  const int32_t dim = rows.schema().fields[column].dim;
  VECDB_ASSIGN_OR_RETURN(auto writer,
                         format::VectorFileWriter::Create(store, path, dim, num_rows, context));
  std::vector<float> norms;
  norms.reserve(num_rows);
  for (const GrowingSegment::VectorRun& run : rows.Vectors(column, num_rows)) {
    const size_t floats = static_cast<size_t>(run.num_rows) * static_cast<size_t>(dim);
    VECDB_RETURN_IF_ERROR(writer.AddRows({run.rows, floats}, context));
    norms.insert(norms.end(), run.inverse_norms, run.inverse_norms + run.num_rows);
  }
  VECDB_ASSIGN_OR_RETURN(const auto summary, writer.Finish(norms, context));
  return RefOf(VectorFileName(column), summary);
}

SegmentInfo DescribeRows(const GrowingSegment& rows, uint32_t num_rows, const ObjectPath& folder) {
  SegmentInfo info{.folder = folder.str(), .schema = rows.schema(), .num_rows = num_rows};
  info.min_timestamp = rows.timestamp(0);
  schema::Key min_key = rows.key(0);
  schema::Key max_key = rows.key(0);
  for (uint32_t row = 0; row < num_rows; ++row) {
    const uint64_t time = rows.timestamp(row);
    info.min_timestamp = std::min(info.min_timestamp, time);
    info.max_timestamp = std::max(info.max_timestamp, time);
    const schema::Key key = rows.key(row);
    min_key = std::min(min_key, key);
    max_key = std::max(max_key, key);
  }
  info.min_key = min_key.ToJson();
  info.max_key = max_key.ToJson();
  return info;
}

// Everything but `segment.json`.
absl::StatusOr<SegmentInfo> WriteRowObjects(const GrowingSegment& rows, uint32_t num_rows,
                                            ObjectStore& store, const ObjectPath& folder,
                                            const Host& host, const Context& context) {
  const Schema& schema = rows.schema();
  std::vector<size_t> vector_columns;
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].type == DataType::kFloatVector) vector_columns.push_back(i);
  }
  // Vectors first: they take longest.
  std::vector<ObjectRef> objects(vector_columns.size() + 1);
  VECDB_RETURN_IF_ERROR(base::ParallelFor(
      host.executor, Priority::kFlush, objects.size(), context,
      [&](size_t piece, size_t) -> absl::Status {
        auto written =
            piece < vector_columns.size()
                ? WriteVectors(rows, num_rows, vector_columns[piece], store, folder, context)
                : WriteColumns(rows, num_rows, store, folder, context);
        if (!written.ok()) return written.status();
        objects[piece] = *std::move(written);
        return absl::OkStatus();
      }));
  SegmentInfo info = DescribeRows(rows, num_rows, folder);
  info.objects = std::move(objects);
  return info;
}

}  // namespace

absl::Status WriteSegmentJson(const SegmentInfo& info, ObjectStore& store, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, SegmentObjectPath(info, "segment.json"));
  return PutObject(store, path, format::SealJson("segment", base::RandomId(), info.ToJson()),
                   context);
}

absl::StatusOr<SegmentInfo> WriteRows(const GrowingSegment& rows, uint32_t num_rows,
                                      ObjectStore& store, const ObjectPath& folder,
                                      const Host& host, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(SegmentInfo info,
                         WriteRowObjects(rows, num_rows, store, folder, host, context));
  VECDB_RETURN_IF_ERROR(WriteSegmentJson(info, store, context));
  return info;
}

absl::StatusOr<SegmentInfo> WriteDeletes(const SegmentInfo& info, const base::DeleteTimes& deletes,
                                         uint64_t as_of, ObjectStore& store,
                                         const Context& context) {
  std::vector<format::RowDelete> rows;
  deletes.ForEach(info.num_rows, as_of, [&rows](uint32_t row, uint64_t time) {
    rows.push_back({.row = row, .timestamp = time});
  });
  if (rows.size() == info.num_deletes) return info;
  const std::string name = base::StrFormat("deletes-%s.del", base::RandomId().substr(0, 16));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, SegmentObjectPath(info, name));
  VECDB_ASSIGN_OR_RETURN(const auto summary, format::WriteDeleteFile(store, path, rows, context));
  SegmentInfo changed = info;
  changed.num_deletes = rows.size();
  changed.deletes = RefOf(name, summary);
  return changed;
}

absl::StatusOr<SegmentIndexInfo> WriteIndex(const SealedSegment& segment, size_t column,
                                            const index::VectorIndex& index,
                                            const index::VectorView& vectors,
                                            const Context& context) {
  auto calibration = index::CalibrateRecall(vectors, index, segment.host(), context);
  if (absl::IsResourceExhausted(calibration.status())) calibration.emplace();
  VECDB_RETURN_IF_ERROR(calibration.status());
  const std::string name = base::StrFormat(
      "%d-%s.idx", kFirstFieldId + static_cast<int32_t>(column), base::RandomId().substr(0, 16));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, SegmentObjectPath(segment.info(), name));
  VECDB_ASSIGN_OR_RETURN(
      auto writer,
      format::SectionWriter::Create(segment.store(), path, format::FileKind::kIndex, context));
  VECDB_RETURN_IF_ERROR(index.Write(*writer, context));
  VECDB_ASSIGN_OR_RETURN(const auto summary, writer->Finish(context));
  return SegmentIndexInfo{.field = segment.info().schema.fields[column].name,
                          .spec = index.spec(),
                          .object = RefOf(name, summary),
                          .calibration = *std::move(calibration)};
}

absl::StatusOr<std::shared_ptr<const ResidentVectors>> LoadVectorsToIndex(
    const SealedSegment& segment, size_t column, const IndexSpec& spec, const Context& context) {
  if (!std::holds_alternative<DiskannParams>(spec.params)) {
    return segment.LoadVectors(column, context);
  }
  const Host& host = segment.host();
  const int32_t dim = segment.info().schema.fields[column].dim;
  const uint64_t rows = segment.num_rows() * (static_cast<uint64_t>(dim) + 1) * sizeof(float);
  const uint64_t build =
      index::DiskannBuildBytes(segment.num_rows(), spec, dim, base::MaxStrands(host.executor));
  if (base::HasRoomFor(rows + build, host.budget)) return segment.LoadVectors(column, context);
  VECDB_ASSIGN_OR_RETURN(auto vectors,
                         segment.LoadVectors(column, context, {.mode = LoadMode::kMap}));
  VECDB_RETURN_IF_ERROR(vectors->mapped->Check(host.executor, context));
  return vectors;
}

absl::StatusOr<BuiltIndex> BuildIndex(const SealedSegment& segment, size_t column,
                                      const IndexSpec& spec, const ResidentVectors& vectors,
                                      const Context& context, std::atomic<uint64_t>* rows_done,
                                      const index::IndexSource& source) {
  VECDB_ASSIGN_OR_RETURN(ObjectPath folder, ObjectPath::Parse(segment.info().folder));
  const BuildScratch scratch{.store = segment.shared_store(), .folder = std::move(folder)};
  // What a store has mapped it also writes and reads quickly.
  const bool is_mapped = vectors.mapped != nullptr && vectors.mapped->bytes() > 0;
  BuiltIndex built;
  VECDB_ASSIGN_OR_RETURN(
      built.index, index::BuildVectorIndex(vectors.view, spec, segment.host(), context, rows_done,
                                           source, is_mapped ? &scratch : nullptr));
  VECDB_ASSIGN_OR_RETURN(built.info,
                         WriteIndex(segment, column, *built.index, vectors.view, context));
  return built;
}

absl::StatusOr<SegmentInfo> WriteSegment(const GrowingSegment& rows,
                                         std::span<const WantedIndex> indexes,
                                         const std::shared_ptr<ObjectStore>& store,
                                         const ObjectPath& folder, const Host& host,
                                         const Context& context) {
  VECDB_ASSIGN_OR_RETURN(SegmentInfo info,
                         WriteRowObjects(rows, rows.num_rows(), *store, folder, host, context));
  if (!indexes.empty()) {
    VECDB_ASSIGN_OR_RETURN(const auto segment,
                           SealedSegment::Open(store, info, host, nullptr, context));
    for (const WantedIndex& wanted : indexes) {
      if (wanted.spec.is_scalar()) {
        VECDB_ASSIGN_OR_RETURN(info.indexes.emplace_back(),
                               BuildScalarIndex(*segment, wanted.column, wanted.spec, context));
        continue;
      }
      VECDB_ASSIGN_OR_RETURN(const auto vectors,
                             LoadVectorsToIndex(*segment, wanted.column, wanted.spec, context));
      VECDB_ASSIGN_OR_RETURN(BuiltIndex built,
                             BuildIndex(*segment, wanted.column, wanted.spec, *vectors, context));
      info.indexes.push_back(std::move(built.info));
    }
  }
  VECDB_RETURN_IF_ERROR(WriteSegmentJson(info, *store, context));
  return info;
}

SegmentWriter::SegmentWriter(const Schema& schema, const Host& host)
    : host_(host), rows_(std::make_shared<const Schema>(schema), host) {}

absl::Status SegmentWriter::Add(const RowBatch& rows, uint64_t timestamp) {
  if (finished_) return absl::FailedPreconditionError("Add after Finish");
  // The host's engine made the keys already, if somebody was to make them.
  VECDB_RETURN_IF_ERROR(schema::ValidateRows(rows_.schema(), rows, {.auto_keys_made = true}));
  VECDB_RETURN_IF_ERROR(schema::CheckNoDuplicateKeys(rows));
  if (timestamp == 0 || timestamp < last_timestamp_) {
    return absl::InvalidArgumentError(
        base::StrFormat("timestamp %d: must be at least 1 and not below the last one, %d",
                        timestamp, last_timestamp_));
  }
  std::vector<uint32_t> all(rows.num_rows());
  std::iota(all.begin(), all.end(), 0u);
  VECDB_RETURN_IF_ERROR(rows_.Reserve(rows, all));
  rows_.Append(rows, all, {}, timestamp);
  last_timestamp_ = timestamp;
  return absl::OkStatus();
}

absl::Status SegmentWriter::AddIndex(std::string_view field, const IndexSpec& spec) {
  const Schema& schema = rows_.schema();
  const std::optional<size_t> column = schema.FindField(field);
  if (!column.has_value()) {
    return absl::InvalidArgumentError(
        base::StrFormat("field \"%s\": the schema has no such field", field));
  }
  VECDB_RETURN_IF_ERROR(schema::CheckIndexField(schema.fields[*column], spec));
  for (const WantedIndex& wanted : indexes_) {
    if (wanted.column == *column) {
      return absl::AlreadyExistsError(
          base::StrFormat("field %s: an index was added before", field));
    }
  }
  indexes_.push_back({.column = *column, .spec = spec});
  return absl::OkStatus();
}

absl::StatusOr<SegmentInfo> SegmentWriter::Finish(std::shared_ptr<ObjectStore> store,
                                                  const ObjectPath& folder,
                                                  const Context& context) {
  if (finished_) return absl::FailedPreconditionError("Finish was called before");
  if (num_rows() == 0) return absl::FailedPreconditionError("a segment needs at least one row");
  finished_ = true;
  return WriteSegment(rows_, indexes_, store, folder, host_, context);
}

}  // namespace vecdb::segment
