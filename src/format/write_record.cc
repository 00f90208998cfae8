#include "format/write_record.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/byte_io.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/log_file.h"
#include "format/zstd_block.h"
#include "schema/row_check.h"

namespace vecdb::format {
namespace {

constexpr uint8_t kHasHostSequence = 1;
constexpr uint8_t kCompressed = 2;
constexpr uint64_t kMinCompressedRecordBytes = 512;
constexpr size_t kHeadBytes = 32;
constexpr uint64_t kMaxBatchRecordBytes = kMaxLogPayloadBytes - kHeadBytes - 4096;  // padding

// What comes before the scalar columns.
struct Head {
  WriteKind kind = WriteKind::kInsert;
  uint8_t flags = 0;
  uint32_t num_rows = 0;
  uint64_t host_sequence = 0;
  uint64_t raw_bytes = 0;     // of the scalar columns
  uint64_t stored_bytes = 0;  // the same, compressed
};

absl::Status DamagedRecord(std::string_view name, std::string_view why) {
  return absl::DataLossError(base::StrFormat("log record %s: %s", name, why));
}

template <typename T>
void PutNumbers(std::span<const T> values, base::ByteWriter* out) {
  const auto bytes = std::as_bytes(values);
  out->PutBytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// Each value as its length and its bytes.
template <typename StringOf>
void PutStrings(size_t count, StringOf string_of, base::ByteWriter* out) {
  for (size_t i = 0; i < count; ++i) out->Put(static_cast<uint32_t>(string_of(i).size()));
  for (size_t i = 0; i < count; ++i) out->PutBytes(string_of(i));
}

void PutColumn(const Column& column, base::ByteWriter* out) {
  switch (column.type()) {
    case DataType::kBool:
      return PutNumbers(column.bools(), out);
    case DataType::kInt8:
      return PutNumbers(column.int8s(), out);
    case DataType::kInt16:
      return PutNumbers(column.int16s(), out);
    case DataType::kInt32:
      return PutNumbers(column.int32s(), out);
    case DataType::kInt64:
      return PutNumbers(column.int64s(), out);
    case DataType::kFloat:
      return PutNumbers(column.floats(), out);
    case DataType::kDouble:
      return PutNumbers(column.doubles(), out);
    default:
      return PutStrings(
          column.num_rows(), [&](size_t i) { return column.string(i); }, out);
  }
}

// All columns but vectors, each behind a byte that says whether it is there.
std::string EncodeScalars(const RowBatch& rows, std::span<const int64_t> auto_keys) {
  base::ByteWriter out;
  const Schema& schema = rows.schema();
  const auto put = [&out](const Column* column) {
    const bool present = column != nullptr && !column->empty();
    out.Put(static_cast<uint8_t>(present));
    if (present) PutColumn(*column, &out);
  };
  for (const FieldSpec& field : schema.fields) {
    if (field.type == DataType::kFloatVector) continue;
    if (field.primary_key && !auto_keys.empty()) {
      out.Put(uint8_t{1});
      PutNumbers(auto_keys, &out);
    } else {
      put(rows.column(field.name));
    }
  }
  if (schema.enable_dynamic_field) put(rows.column(kDynamicFieldName));
  return out.str();
}

std::string EncodeKeys(const schema::KeyColumn& keys) {
  base::ByteWriter out;
  out.Put(uint8_t{1});
  if (keys.is_int64()) {
    PutNumbers(keys.int64s(), &out);
  } else {
    PutStrings(
        keys.size(), [&](size_t i) { return keys[i].varchar(); }, &out);
  }
  return out.str();
}

// Front, head and scalars; vectors and padding are left to the caller.
std::string Begin(Head head, std::optional<uint64_t> host_sequence, const std::string& scalars,
                  size_t front_bytes, uint64_t vector_bytes, std::string bytes) {
  const auto block = scalars.size() >= kMinCompressedRecordBytes ? CompressBlock(scalars)
                                                                 : std::optional<std::string>();
  const std::string& stored = block.has_value() ? *block : scalars;
  base::ByteWriter writer;
  writer.Put(head.kind);
  writer.Put(static_cast<uint8_t>((host_sequence.has_value() ? kHasHostSequence : 0) |
                                  (block.has_value() ? kCompressed : 0)));
  writer.Put(uint16_t{0});
  writer.Put(head.num_rows);
  writer.Put(host_sequence.value_or(0));
  writer.Put(static_cast<uint64_t>(scalars.size()));
  writer.Put(static_cast<uint64_t>(stored.size()));
  bytes.clear();
  bytes.reserve(front_bytes + kHeadBytes + stored.size() + vector_bytes + 16);
  bytes.append(front_bytes, '\0');
  bytes.append(writer.str());
  bytes.append(stored);
  return bytes;
}

// Vectors are aligned so that a reader can borrow them from the file.
void PadTo8(size_t front_bytes, std::string* bytes) {
  bytes->append((8 - (bytes->size() - front_bytes) % 8) % 8, '\0');
}

// Takes columns from bytes that nobody has checked.
class ScalarReader {
 public:
  ScalarReader(std::span<const std::byte> bytes, uint32_t num_rows)
      : reader_(bytes), num_rows_(num_rows) {}

  bool ok() const { return ok_ && reader_.ok(); }
  bool at_end() const { return reader_.remaining() == 0; }

  // The next column; of type kNone when it is not there.
  Column Next(DataType type) {
    const auto present = reader_.Get<uint8_t>();
    if (present > 1) ok_ = false;
    if (!ok() || present == 0) return Column();
    switch (type) {
      case DataType::kBool:
        return Column(type, 0, Numbers<uint8_t>());
      case DataType::kInt8:
        return Column(type, 0, Numbers<int8_t>());
      case DataType::kInt16:
        return Column(type, 0, Numbers<int16_t>());
      case DataType::kInt32:
        return Column(type, 0, Numbers<int32_t>());
      case DataType::kInt64:
        return Column(type, 0, Numbers<int64_t>());
      case DataType::kFloat:
        return Column(type, 0, Numbers<float>());
      case DataType::kDouble:
        return Column(type, 0, Numbers<double>());
      default:
        return Column(type, 0, Strings());
    }
  }

 private:
  template <typename T>
  std::vector<T> Numbers() {
    const auto bytes = reader_.GetBytes(uint64_t{num_rows_} * sizeof(T));
    std::vector<T> numbers(bytes.size() / sizeof(T));
    if (!bytes.empty()) std::memcpy(numbers.data(), bytes.data(), bytes.size());
    return numbers;
  }

  Column::Strings Strings() {
    const std::vector<uint32_t> lengths = Numbers<uint32_t>();
    Column::Strings strings;
    uint64_t end = 0;
    for (const uint32_t length : lengths) strings.ends.push_back(end += length);
    const auto bytes = reader_.GetBytes(end);
    strings.bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return strings;
  }

  base::ByteReader reader_;
  const uint32_t num_rows_;
  bool ok_ = true;
};

absl::StatusOr<Head> DecodeHead(std::string_view name, base::ByteReader* reader) {
  Head head;
  const auto kind = reader->Get<uint8_t>();
  head.flags = reader->Get<uint8_t>();
  const auto reserved = reader->Get<uint16_t>();
  head.num_rows = reader->Get<uint32_t>();
  head.host_sequence = reader->Get<uint64_t>();
  head.raw_bytes = reader->Get<uint64_t>();
  head.stored_bytes = reader->Get<uint64_t>();
  if (!reader->ok()) return DamagedRecord(name, "too short");
  if (kind < 1 || kind > 3 || (head.flags & ~(kHasHostSequence | kCompressed)) != 0 ||
      reserved != 0) {
    return absl::FailedPreconditionError(
        base::StrFormat("log record %s: kind %d, flags %x, which this library does not know", name,
                        kind, head.flags));
  }
  head.kind = static_cast<WriteKind>(kind);
  if (head.num_rows == 0 || head.raw_bytes > kMaxLogPayloadBytes) {
    return DamagedRecord(name, "impossible sizes");
  }
  return head;
}

void SetColumn(std::string_view field, Column column, RowBatch* rows) {
  if (column.type() != DataType::kNone) rows->SetColumn(field, std::move(column));
}

bool DecodeScalars(const Head& head, const Schema& schema, std::span<const std::byte> bytes,
                   RowBatch* rows) {
  ScalarReader reader(bytes, head.num_rows);
  for (const FieldSpec& field : schema.fields) {
    if (field.type == DataType::kFloatVector) continue;
    if (head.kind == WriteKind::kDelete && !field.primary_key) continue;
    SetColumn(field.name, reader.Next(field.type), rows);
  }
  if (schema.enable_dynamic_field && head.kind != WriteKind::kDelete) {
    SetColumn(kDynamicFieldName, reader.Next(DataType::kJson), rows);
  }
  return reader.ok() && reader.at_end();
}

bool DecodeVectors(const Head& head, const Schema& schema, base::ByteReader* reader,
                   RowBatch* rows) {
  for (const FieldSpec& field : schema.fields) {
    if (field.type != DataType::kFloatVector) continue;
    const uint64_t count = uint64_t{head.num_rows} * static_cast<uint64_t>(field.dim);
    const auto bytes = reader->GetBytes(count * sizeof(float));
    rows->SetFloatVectors(field.name, std::span(reinterpret_cast<const float*>(bytes.data()),
                                                bytes.size() / sizeof(float)));
    reader->GetBytes((8 - bytes.size() % 8) % 8);
  }
  return reader->ok();
}

}  // namespace

absl::Status CheckRecordSize(const RowBatch& rows) {
  // Lengths of strings, and keys that the library may make, come on top of the values.
  const uint64_t more = rows.num_rows() * (rows.schema().fields.size() + 2) * sizeof(uint64_t);
  const uint64_t bytes = schema::PayloadBytes(rows) + more;
  if (bytes <= kMaxBatchRecordBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(base::StrFormat(
      "%d rows of %d fields make a record of up to %d bytes; at most %d: write them "
      "in several batches",
      rows.num_rows(), rows.schema().fields.size(), bytes, kMaxBatchRecordBytes));
}

absl::Status CheckRecordSize(const schema::KeyColumn& keys) {
  uint64_t bytes = keys.size() * sizeof(int64_t);
  for (size_t i = 0; !keys.is_int64() && i < keys.size(); ++i) bytes += keys[i].varchar().size();
  if (bytes <= kMaxBatchRecordBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("%d keys of %d bytes; at most %d bytes: delete them in several calls",
                      keys.size(), bytes, kMaxBatchRecordBytes));
}

std::string EncodeRows(WriteKind kind, const RowBatch& rows, std::span<const int64_t> auto_keys,
                       std::optional<uint64_t> host_sequence, size_t front_bytes,
                       uint64_t* payload_bytes, std::string buffer) {
  const Head head{.kind = kind, .num_rows = static_cast<uint32_t>(rows.num_rows())};
  std::string bytes = Begin(head, host_sequence, EncodeScalars(rows, auto_keys), front_bytes,
                            schema::PayloadBytes(rows), std::move(buffer));
  for (const FieldSpec& field : rows.schema().fields) {
    if (field.type != DataType::kFloatVector) continue;
    PadTo8(front_bytes, &bytes);
    const auto vectors = std::as_bytes(rows.column(field.name)->vectors());
    bytes.append(reinterpret_cast<const char*>(vectors.data()), vectors.size());
  }
  PadTo8(front_bytes, &bytes);
  *payload_bytes = bytes.size() - front_bytes;
  return bytes;
}

std::string EncodeDelete(const schema::KeyColumn& keys, std::optional<uint64_t> host_sequence,
                         size_t front_bytes, uint64_t* payload_bytes) {
  const Head head{.kind = WriteKind::kDelete, .num_rows = static_cast<uint32_t>(keys.size())};
  std::string bytes = Begin(head, host_sequence, EncodeKeys(keys), front_bytes, 0, {});
  PadTo8(front_bytes, &bytes);
  *payload_bytes = bytes.size() - front_bytes;
  return bytes;
}

absl::StatusOr<WriteRecord> DecodeWrite(std::string_view name,
                                        const std::shared_ptr<const Schema>& schema,
                                        std::span<const std::byte> payload) {
  base::ByteReader reader(payload);
  VECDB_ASSIGN_OR_RETURN(const Head head, DecodeHead(name, &reader));
  std::span<const std::byte> scalars = reader.GetBytes(head.stored_bytes);
  reader.GetBytes((8 - (kHeadBytes + scalars.size()) % 8) % 8);
  if (!reader.ok()) return DamagedRecord(name, "cut off");
  std::string unpacked;
  if ((head.flags & kCompressed) != 0) {
    VECDB_ASSIGN_OR_RETURN(unpacked, DecompressBlock(scalars, head.raw_bytes));
    scalars = base::AsBytes(std::string_view(unpacked));
  } else if (head.raw_bytes != head.stored_bytes) {
    return DamagedRecord(name, "impossible sizes");
  }
  WriteRecord record{.kind = head.kind, .rows = RowBatch(schema)};
  if ((head.flags & kHasHostSequence) != 0) record.host_sequence = head.host_sequence;
  if (!DecodeScalars(head, *schema, scalars, &record.rows)) {
    return DamagedRecord(name, "impossible columns");
  }
  if (head.kind == WriteKind::kDelete) {
    const FieldSpec& key = schema->fields[schema->primary_key_index()];
    const Column* keys = record.rows.column(key.name);
    if (keys == nullptr || keys->num_rows() != head.num_rows) return DamagedRecord(name, "no keys");
  } else if (!DecodeVectors(head, *schema, &reader, &record.rows)) {
    return DamagedRecord(name, "cut off");
  }
  if (reader.remaining() != 0) return DamagedRecord(name, "bytes left over");
  if (head.kind == WriteKind::kDelete) return record;
  const absl::Status valid = schema::ValidateRows(
      *schema, record.rows, {.max_bytes = kMaxLogPayloadBytes, .auto_keys_made = true});
  if (!valid.ok()) return DamagedRecord(name, std::string(valid.message()));
  return record;
}

}  // namespace vecdb::format
