#include "segment/sealed_segment.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/bloom.h"
#include "format/delete_file.h"
#include "index/index_estimate.h"
#include "schema/index_field.h"
#include "segment/pick_rows.h"
#include "segment/scalar_index_file.h"

namespace vecdb::segment {
namespace {

absl::StatusOr<format::FileSummary> ExpectedOf(const SegmentInfo& info, std::string_view name) {
  for (const ObjectRef& object : info.objects) {
    if (object.name == name) return format::FileSummary{object.size_bytes, object.checksum};
  }
  return absl::DataLossError(
      base::StrFormat("segment %s: its info does not name the object %s", info.folder, name));
}

// Of an index: it is left aside.
bool IsDamage(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsNotFound(status) || absl::IsFailedPrecondition(status);
}

// Rows of a file.
class StoredRows final : public index::RowReader {
 public:
  explicit StoredRows(std::shared_ptr<const format::VectorFile> file) : file_(std::move(file)) {}

  absl::Status Read(std::span<const uint32_t> rows, float* out,
                    const Context& context) const override {
    return file_->GatherRows(rows, {out, rows.size() * file_->dim()}, context);
  }

 private:
  const std::shared_ptr<const format::VectorFile> file_;
};

// What searches and merges rely on, and a host's own catalog may have lost.
absl::Status CheckInfo(const SegmentInfo& info) {
  for (const SegmentIndexInfo& index : info.indexes) {
    const std::optional<size_t> column = info.schema.FindField(index.field);
    const absl::Status status =
        column.has_value() ? schema::CheckIndexField(info.schema.fields[*column], index.spec)
                           : absl::NotFoundError("the schema has no such field");
    if (status.ok()) continue;
    return absl::DataLossError(base::StrFormat("segment %s: an index of \"%s\": %s", info.folder,
                                               index.field, std::string(status.message())));
  }
  if (info.deletes.has_value() == (info.num_deletes > 0)) return absl::OkStatus();
  return absl::DataLossError(
      base::StrFormat("segment %s: %d deletes, %s", info.folder, info.num_deletes,
                      info.deletes.has_value() ? "in an object" : "no object"));
}

}  // namespace

int32_t FieldIdOf(const Schema& schema, size_t column) {
  return column < schema.fields.size() ? kFirstFieldId + static_cast<int32_t>(column)
                                       : format::kDynamicFieldId;
}

DataType TypeOf(const Schema& schema, size_t column) {
  return column < schema.fields.size() ? schema.fields[column].type : DataType::kJson;
}

std::string ColumnFileName() { return "columns.vseg"; }

std::string VectorFileName(size_t column) {
  return base::StrFormat("%d.vec", kFirstFieldId + static_cast<int32_t>(column));
}

absl::StatusOr<ObjectPath> SegmentObjectPath(const SegmentInfo& info, std::string_view name) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, ObjectPath::Parse(info.folder));
  return folder.Join(name);
}

uint64_t Resident::bytes() const {
  uint64_t bytes = 0;
  for (const ResidentField& field : fields) {
    if (field.vectors != nullptr) bytes += field.vectors->bytes();
    if (field.index != nullptr) bytes += field.index->index_bytes();
    if (field.index_mapped != nullptr) bytes -= std::min(bytes, field.index_mapped->bytes());
  }
  return bytes;
}

uint64_t Resident::mapped_bytes() const {
  uint64_t bytes = 0;
  for (const ResidentField& field : fields) {
    if (field.vectors != nullptr && field.vectors->mapped != nullptr) {
      bytes += field.vectors->mapped->bytes();
    }
    if (field.index_mapped != nullptr) bytes += field.index_mapped->bytes();
  }
  return bytes;
}

uint64_t Resident::unchecked_bytes() const {
  uint64_t bytes = 0;
  for (const ResidentField& field : fields) {
    if (field.vectors != nullptr && field.vectors->mapped != nullptr) {
      bytes += field.vectors->mapped->unchecked_bytes();
    }
    if (field.index_mapped != nullptr) bytes += field.index_mapped->unchecked_bytes();
  }
  return bytes;
}

SealedSegment::SealedSegment(SegmentInfo info, std::shared_ptr<Rows> rows)
    : info_(std::move(info)), rows_(std::move(rows)) {}

std::shared_ptr<SealedSegment> SealedSegment::WithInfo(SegmentInfo info) const {
  ScalarIndexes dropped;  // freed when the mutex is
  {
    base::MutexLock lock(&rows_->mutex);
    rows_->scalar_indexes.swap(dropped);
    for (const SegmentIndexInfo& index : info.indexes) {
      rows_->scalar_indexes.insert(dropped.extract(index.object.name));
    }
  }
  return std::shared_ptr<SealedSegment>(new SealedSegment(std::move(info), rows_));
}

absl::StatusOr<std::shared_ptr<SealedSegment>> SealedSegment::Open(
    std::shared_ptr<ObjectStore> store, SegmentInfo info, const Host& host,
    std::shared_ptr<base::DeleteTimes> deletes, const Context& context) {
  auto rows = std::make_shared<Rows>();
  rows->store = std::move(store);
  rows->host = host;
  rows->deletes = std::move(deletes);
  VECDB_RETURN_IF_ERROR(CheckInfo(info));
  std::shared_ptr<SealedSegment> segment(new SealedSegment(std::move(info), std::move(rows)));
  VECDB_RETURN_IF_ERROR(segment->OpenObjects(context));
  if (segment->rows_->deletes == nullptr) VECDB_RETURN_IF_ERROR(segment->ReadDeletes(context));
  return segment;
}

absl::Status SealedSegment::OpenObjects(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath columns, SegmentObjectPath(info_, ColumnFileName()));
  VECDB_ASSIGN_OR_RETURN(const auto expected, ExpectedOf(info_, ColumnFileName()));
  VECDB_ASSIGN_OR_RETURN(rows_->columns, format::ColumnFile::Open(*rows_->store, columns, expected,
                                                                  info_.num_rows, context));
  rows_->blocks = std::make_unique<ColumnBlocks>(rows_->columns.get(), rows_->host.budget);
  rows_->bitmaps = std::make_unique<FilterBitmapCache>(rows_->host.budget);
  rows_->vectors.resize(info_.schema.fields.size());
  for (size_t i = 0; i < info_.schema.fields.size(); ++i) {
    if (info_.schema.fields[i].type != DataType::kFloatVector) continue;
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, SegmentObjectPath(info_, VectorFileName(i)));
    VECDB_ASSIGN_OR_RETURN(const auto summary, ExpectedOf(info_, VectorFileName(i)));
    VECDB_ASSIGN_OR_RETURN(rows_->vectors[i], format::VectorFile::Open(*rows_->store, path, summary,
                                                                       info_.schema.fields[i].dim,
                                                                       info_.num_rows, context));
  }
  return absl::OkStatus();
}

absl::Status SealedSegment::ReadDeletes(const Context& context) {
  rows_->deletes = std::make_shared<base::DeleteTimes>();
  if (!info_.deletes.has_value()) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, SegmentObjectPath(info_, info_.deletes->name));
  const format::FileSummary expected{info_.deletes->size_bytes, info_.deletes->checksum};
  VECDB_ASSIGN_OR_RETURN(const auto deletes, format::ReadDeleteFile(*rows_->store, path, expected,
                                                                    info_.num_rows, context));
  if (deletes.size() != info_.num_deletes) {
    return absl::DataLossError(base::StrFormat("object %s: %d deletes; its segment has %d",
                                               path.str(), deletes.size(), info_.num_deletes));
  }
  for (const format::RowDelete& deleted : deletes)
    rows_->deletes->Set(deleted.row, deleted.timestamp);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const ResidentColumn>> SealedSegment::GetColumnById(
    int32_t field_id, DataType type, const Context& context) const {
  {
    base::MutexLock lock(&rows_->mutex);
    if (const auto found = rows_->cache.find(field_id); found != rows_->cache.end())
      return found->second;
  }
  // Two threads may both read the column; the first to come back wins.
  auto resident = std::make_shared<ResidentColumn>();
  VECDB_ASSIGN_OR_RETURN(resident->bytes, rows_->columns->ColumnBytes(field_id, type));
  VECDB_ASSIGN_OR_RETURN(resident->reservation,
                         base::Reservation::Make(rows_->host.budget, resident->bytes,
                                                 "a column of a segment", MemoryUse::kColumns));
  VECDB_ASSIGN_OR_RETURN(resident->column,
                         field_id == format::kTimestampFieldId && has_one_time()
                             ? OneTime(num_rows())
                             : rows_->columns->ReadColumn(field_id, type, context));
  base::MutexLock lock(&rows_->mutex);
  return rows_->cache.emplace(field_id, std::move(resident)).first->second;
}

absl::StatusOr<std::shared_ptr<const ResidentColumn>> SealedSegment::GetColumn(
    size_t column, const Context& context) const {
  return GetColumnById(FieldIdOf(info_.schema, column), TypeOf(info_.schema, column), context);
}

Column SealedSegment::OneTime(size_t num_rows) const {
  return Column(DataType::kInt64, 0,
                std::vector<int64_t>(num_rows, static_cast<int64_t>(info_.min_timestamp)));
}

absl::StatusOr<std::shared_ptr<const ResidentColumn>> SealedSegment::GetTimestamps(
    const Context& context) const {
  return GetColumnById(format::kTimestampFieldId, DataType::kInt64, context);
}

absl::StatusOr<Column> SealedSegment::GatherTimestamps(std::span<const uint32_t> rows,
                                                       const Context& context) const {
  if (has_one_time()) return OneTime(rows.size());
  return GatherScalars(format::kTimestampFieldId, DataType::kInt64, rows, context);
}

absl::StatusOr<uint64_t> SealedSegment::CountBefore(uint64_t time, const Context& context) const {
  if (time <= info_.min_timestamp) return 0;
  if (time > info_.max_timestamp) return info_.num_rows;
  const auto limit = static_cast<int64_t>(time);  // at most that of a row
  VECDB_ASSIGN_OR_RETURN(const auto summary, rows_->blocks->Summary(format::kTimestampFieldId,
                                                                    DataType::kInt64, context));
  uint64_t count = 0;
  const uint32_t num_blocks = (num_rows() + schema::kBlockRows - 1) / schema::kBlockRows;
  for (uint32_t i = 0; i < num_blocks; ++i) {
    // Older files have no statistics.
    const bool is_known = summary != nullptr && i < summary->blocks.size();
    const schema::ColumnStats stats = is_known ? summary->blocks[i] : schema::ColumnStats();
    if (stats.has_bounds && stats.min_integer >= limit) continue;
    if (stats.has_bounds && stats.max_integer < limit) {
      count += stats.num_rows;
      continue;
    }
    VECDB_ASSIGN_OR_RETURN(
        const schema::ColumnBlock block,
        rows_->blocks->Read(format::kTimestampFieldId, DataType::kInt64, i, context));
    const auto times = block.as<int64_t>();
    const auto before = std::count_if(times.begin(), times.end(),
                                      [limit](int64_t written) { return written < limit; });
    count += static_cast<uint64_t>(before) * (block.constant ? block.num_rows : 1);
  }
  return count;
}

void SealedSegment::DropColumns() const {
  rows_->blocks->Drop();
  rows_->bitmaps->DropUnused();
  Columns cache;
  std::shared_ptr<const KeyIndex> key_index;
  ScalarIndexes scalar_indexes;
  base::MutexLock lock(&rows_->mutex);
  rows_->cache.swap(cache);
  rows_->scalar_indexes.swap(scalar_indexes);
  rows_->key_index.swap(key_index);
}

uint64_t SealedSegment::column_bytes() const {
  uint64_t bytes = rows_->blocks->bytes() + rows_->bitmaps->bytes();
  base::MutexLock lock(&rows_->mutex);
  for (const auto& [id, column] : rows_->cache) bytes += column->bytes;
  for (const auto& [name, index] : rows_->scalar_indexes) bytes += index->bytes();
  if (rows_->key_index != nullptr) bytes += rows_->key_index->order.size() * sizeof(uint32_t);
  return bytes;
}

uint64_t SealedSegment::key_bytes() const {
  const size_t key = info_.schema.primary_key_index();
  const auto bytes =
      rows_->columns->ColumnBytes(FieldIdOf(info_.schema, key), TypeOf(info_.schema, key));
  return bytes.ok() ? *bytes : 0;
}

absl::StatusOr<std::shared_ptr<const std::vector<uint32_t>>> SealedSegment::GetBloom(
    const Context& context) const {
  {
    base::MutexLock lock(&rows_->mutex);
    if (rows_->bloom != nullptr) return rows_->bloom;
  }
  VECDB_ASSIGN_OR_RETURN(auto words, rows_->columns->ReadBloom(context));
  base::MutexLock lock(&rows_->mutex);
  if (rows_->bloom == nullptr) {
    rows_->bloom = std::make_shared<const std::vector<uint32_t>>(std::move(words));
  }
  return rows_->bloom;
}

absl::StatusOr<std::shared_ptr<const SealedSegment::KeyIndex>> SealedSegment::GetKeyIndex(
    const Context& context) const {
  {
    base::MutexLock lock(&rows_->mutex);
    if (rows_->key_index != nullptr) return rows_->key_index;
  }
  auto key_index = std::make_shared<KeyIndex>();
  VECDB_ASSIGN_OR_RETURN(key_index->keys, GetColumn(info_.schema.primary_key_index(), context));
  VECDB_ASSIGN_OR_RETURN(
      key_index->reservation,
      base::Reservation::Make(rows_->host.budget, info_.num_rows * sizeof(uint32_t),
                              "keys of a segment", MemoryUse::kColumns));
  VECDB_ASSIGN_OR_RETURN(key_index->order, rows_->columns->ReadKeyOrder(context));
  base::MutexLock lock(&rows_->mutex);
  if (rows_->key_index == nullptr) rows_->key_index = std::move(key_index);
  return rows_->key_index;
}

absl::StatusOr<SealedSegment::KeyOrder> SealedSegment::GetKeyOrder(const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto key_index, GetKeyIndex(context));
  return KeyOrder{.rows = {key_index, &key_index->order}, .keys = key_index->keys};
}

absl::StatusOr<std::optional<uint32_t>> SealedSegment::FindRow(const schema::Key& key,
                                                               uint64_t as_of,
                                                               const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto bloom, GetBloom(context));
  if (!format::BloomMayContain(*bloom, key.Hash())) return std::nullopt;
  VECDB_ASSIGN_OR_RETURN(const auto key_index, GetKeyIndex(context));
  const schema::KeyColumn keys(key_index->keys->column);
  const auto& order = key_index->order;
  const auto end =
      std::upper_bound(order.begin(), order.end(), key,
                       [&keys](const schema::Key& k, uint32_t row) { return k < keys[row]; });
  if (end == order.begin() || keys[*(end - 1)] != key) return std::nullopt;
  std::shared_ptr<const ResidentColumn> times;
  if (as_of < info_.max_timestamp) {
    VECDB_ASSIGN_OR_RETURN(times, GetTimestamps(context));
  }
  for (auto it = end; it != order.begin() && keys[*(it - 1)] == key; --it) {
    const uint32_t row = *(it - 1);
    const bool is_there =
        times == nullptr || static_cast<uint64_t>(times->column.int64s()[row]) <= as_of;
    if (is_there && !rows_->deletes->DeletedAt(row, as_of)) return row;
  }
  return std::nullopt;
}

absl::StatusOr<std::shared_ptr<const ResidentVectors>> SealedSegment::LoadVectors(
    size_t column, const Context& context, const LoadHow& how) const {
  const format::VectorFile& file = *rows_->vectors[column];
  auto vectors = std::make_shared<ResidentVectors>();
  if (how.mode == LoadMode::kMap) vectors->mapped = std::make_shared<format::MappedSections>();
  const format::SectionReading reading{.mapped = vectors->mapped.get(),
                                       .bytes_done = how.bytes_done};
  VECDB_ASSIGN_OR_RETURN(vectors->rows, file.ReadRows(rows_->host, context, reading));
  VECDB_ASSIGN_OR_RETURN(vectors->inverse_norms,
                         file.ReadInverseNorms(rows_->host, context, reading));
  vectors->view = {.rows = vectors->rows.as<const float>().data(),
                   .num_rows = num_rows(),
                   .dim = info_.schema.fields[column].dim,
                   .inverse_norms = vectors->inverse_norms.as<const float>().data()};
  return vectors;
}

std::shared_ptr<const ResidentVectors> SealedSegment::StoredVectors(size_t column) const {
  auto vectors = std::make_shared<ResidentVectors>();
  vectors->reader = std::make_unique<StoredRows>(rows_->vectors[column]);
  vectors->view = {.num_rows = num_rows(),
                   .dim = info_.schema.fields[column].dim,
                   .reader = vectors->reader.get()};
  return vectors;
}

const SegmentIndexInfo* SealedSegment::FindIndex(size_t column) const {
  for (const SegmentIndexInfo& index : info_.indexes) {
    if (index.field == info_.schema.fields[column].name) return &index;
  }
  return nullptr;
}

std::span<const RecallPoint> SealedSegment::Calibration(size_t column,
                                                        const index::VectorIndex& index) const {
  const SegmentIndexInfo* info = FindIndex(column);
  if (info == nullptr || info->spec != index.spec()) return {};
  return info->calibration;
}

void SealedSegment::ReportDamage(const SegmentIndexInfo& index, const absl::Status& status) const {
  if (rows_->host.log != nullptr) {
    rows_->host.log->Write(
        LogLevel::kWarning,
        base::StrFormat("index %s of segment %s is left aside, rows are compared "
                        "one by one until it is built again: %s",
                        index.object.name, info_.folder, std::string(status.message())));
  }
  base::MutexLock lock(&rows_->mutex);
  rows_->damaged_indexes.push_back(index.object.name);
}

bool SealedSegment::index_damaged(size_t column) const {
  const SegmentIndexInfo* index = FindIndex(column);
  if (index == nullptr) return false;
  base::MutexLock lock(&rows_->mutex);
  return std::find(rows_->damaged_indexes.begin(), rows_->damaged_indexes.end(),
                   index->object.name) != rows_->damaged_indexes.end();
}

absl::StatusOr<std::shared_ptr<const index::VectorIndex>> SealedSegment::LoadIndex(
    size_t column, const ResidentVectors& vectors, const Context& context, const LoadHow& how,
    format::MappedSections* mapped) const {
  const SegmentIndexInfo* info = FindIndex(column);
  if (info == nullptr || index_damaged(column)) return nullptr;
  const auto load = [&]() -> absl::StatusOr<std::shared_ptr<const index::VectorIndex>> {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, SegmentObjectPath(info_, info->object.name));
    const format::FileSummary expected{info->object.size_bytes, info->object.checksum};
    VECDB_ASSIGN_OR_RETURN(const auto opened,
                           format::SectionFile::Open(*rows_->store, path, format::FileKind::kIndex,
                                                     expected, context));
    VECDB_ASSIGN_OR_RETURN(
        const auto file,
        opened->WithReading({.mapped = mapped,
                             .bytes_done = how.bytes_done,
                             .maps_copies_alone = how.mode == LoadMode::kMapCopies}));
    // Without rows of its own, which only files of the Index door have.
    VECDB_RETURN_IF_ERROR(file->CheckKnown(index::VectorIndexTags()));
    if (vectors.view.rows == nullptr) {
      VECDB_ASSIGN_OR_RETURN(const bool needs_rows, index::NeedsRowsInMemory(*file, context));
      if (needs_rows) return std::shared_ptr<const index::VectorIndex>();
    }
    return index::LoadVectorIndex(*file, vectors.view, rows_->host, context);
  };
  auto loaded = load();
  if (loaded.ok() && *loaded == nullptr) return nullptr;
  if (loaded.ok() && (*loaded)->spec() != info->spec) {
    loaded =
        absl::DataLossError(base::StrFormat("object %s: holds another index", info->object.name));
  }
  if (IsDamage(loaded.status())) {
    ReportDamage(*info, loaded.status());
    return nullptr;
  }
  return loaded;
}

absl::StatusOr<std::shared_ptr<const filter::ScalarIndex>> SealedSegment::LoadScalarIndex(
    size_t column, const Context& context) const {
  const SegmentIndexInfo* info = FindIndex(column);
  if (info == nullptr || !info->spec.is_scalar() || index_damaged(column)) return nullptr;
  {
    base::MutexLock lock(&rows_->mutex);
    const auto found = rows_->scalar_indexes.find(info->object.name);
    if (found != rows_->scalar_indexes.end()) return found->second;
  }
  const auto load = [&]() -> absl::StatusOr<std::shared_ptr<const SealedScalarIndex>> {
    VECDB_ASSIGN_OR_RETURN(const ObjectPath path, SegmentObjectPath(info_, info->object.name));
    return OpenScalarIndex(*rows_->store, path, *info, {TypeOf(info_.schema, column), num_rows()},
                           rows_->host, context);
  };
  // Two threads may both read the index; the first to come back wins.
  auto loaded = load();
  if (IsDamage(loaded.status())) {
    ReportDamage(*info, loaded.status());
    return nullptr;
  }
  if (absl::IsResourceExhausted(loaded.status())) return nullptr;  // the column itself will do
  VECDB_RETURN_IF_ERROR(loaded.status());
  base::MutexLock lock(&rows_->mutex);
  return rows_->scalar_indexes.try_emplace(info->object.name, *loaded).first->second;
}

void SealedSegment::LeaveIndexAside(size_t column, const absl::Status& damage) const {
  if (const SegmentIndexInfo* index = FindIndex(column)) ReportDamage(*index, damage);
}

// The index over the vectors of `field`.
absl::Status SealedSegment::AddIndex(size_t column, const Context& context, const LoadHow& how,
                                     ResidentField* field) const {
  auto mapped = how.mode == LoadMode::kRead ? nullptr : std::make_shared<format::MappedSections>();
  VECDB_ASSIGN_OR_RETURN(field->index,
                         LoadIndex(column, *field->vectors, context, how, mapped.get()));
  if (field->index != nullptr) field->index_mapped = std::move(mapped);
  return absl::OkStatus();
}

absl::StatusOr<ResidentField> SealedSegment::LoadField(size_t column, const ResidentField& before,
                                                       const Context& context,
                                                       const LoadHow& how) const {
  ResidentField field = before;
  if (field.vectors != nullptr && field.index != nullptr) return field;
  const SegmentIndexInfo* info = FindIndex(column);
  if (info != nullptr && !index::NeedsRowsInMemory(info->spec, info_.schema.fields[column].dim)) {
    ResidentField coded{.vectors = StoredVectors(column)};
    VECDB_RETURN_IF_ERROR(AddIndex(column, context, how, &coded));
    if (coded.index != nullptr) return coded;
  }
  if (field.vectors == nullptr || field.vectors->view.rows == nullptr) {
    VECDB_ASSIGN_OR_RETURN(field.vectors, LoadVectors(column, context, how));
  }
  VECDB_RETURN_IF_ERROR(AddIndex(column, context, how, &field));
  return field;
}

uint64_t SealedSegment::LoadBytes(size_t column, const ResidentField& before) const {
  const SegmentIndexInfo* index = index_damaged(column) ? nullptr : FindIndex(column);
  if (before.vectors != nullptr && (before.index != nullptr || index == nullptr)) return 0;
  const uint64_t dim = static_cast<uint64_t>(info_.schema.fields[column].dim);
  const uint64_t row_bytes = info_.num_rows * (dim + 1) * sizeof(float);  // with norms
  if (index == nullptr) return row_bytes;
  const bool needs_rows = index::NeedsRowsInMemory(index->spec, info_.schema.fields[column].dim) &&
                          before.vectors == nullptr;
  return index::LoadedFileBytes(index->object.size_bytes, info_.num_rows, static_cast<int32_t>(dim),
                                index->spec) +
         (needs_rows ? row_bytes : 0);
}

absl::StatusOr<std::shared_ptr<const Resident>> SealedSegment::LoadResident(
    std::span<const size_t> columns, const Context& context) const {
  auto resident = std::make_shared<Resident>();
  resident->fields.resize(info_.schema.fields.size());
  for (size_t column : columns) {
    VECDB_ASSIGN_OR_RETURN(resident->fields[column], LoadField(column, {}, context));
  }
  VECDB_ASSIGN_OR_RETURN(resident->keys, GetColumn(info_.schema.primary_key_index(), context));
  return resident;
}

// From the whole column where that is in memory, as keys mostly are.
absl::StatusOr<Column> SealedSegment::GatherScalars(int32_t field_id, DataType type,
                                                    std::span<const uint32_t> rows,
                                                    const Context& context) const {
  std::shared_ptr<const ResidentColumn> whole;
  {
    base::MutexLock lock(&rows_->mutex);
    if (const auto found = rows_->cache.find(field_id); found != rows_->cache.end()) {
      whole = found->second;
    }
  }
  if (whole != nullptr) return PickRows(whole->column, rows);
  return PickRows(*rows_->blocks, field_id, type, rows, context);
}

absl::StatusOr<Column> SealedSegment::Gather(size_t column, std::span<const uint32_t> rows,
                                             const Resident* resident,
                                             const Context& context) const {
  if (TypeOf(info_.schema, column) != DataType::kFloatVector) {
    return GatherScalars(FieldIdOf(info_.schema, column), TypeOf(info_.schema, column), rows,
                         context);
  }
  const auto dim = static_cast<size_t>(info_.schema.fields[column].dim);
  Column::Vectors vectors;
  vectors.owned.resize(rows.size() * dim);
  const ResidentVectors* loaded = nullptr;
  if (resident != nullptr) loaded = resident->fields[column].vectors.get();
  if (loaded != nullptr && loaded->view.rows != nullptr) {
    for (size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(loaded->view.row(rows[i]), dim, &vectors.owned[i * dim]);
    }
  } else {
    VECDB_RETURN_IF_ERROR(rows_->vectors[column]->GatherRows(rows, vectors.owned, context));
  }
  return Column(DataType::kFloatVector, static_cast<int32_t>(dim), std::move(vectors));
}

absl::Status SealedSegment::VerifyVectors(size_t column, const Context& context) const {
  return rows_->vectors[column]->Verify(context);
}

absl::Status SealedSegment::Verify(const Context& context) const {
  VECDB_RETURN_IF_ERROR(rows_->columns->Verify(context));
  for (const auto& file : rows_->vectors) {
    if (file != nullptr) VECDB_RETURN_IF_ERROR(file->Verify(context));
  }
  return absl::OkStatus();
}

}  // namespace vecdb::segment
