#include "format/column_file.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <type_traits>

#include "absl/strings/str_format.h"
#include "base/byte_io.h"
#include "base/status_macros.h"
#include "format/bloom.h"
#include "format/number_type.h"

namespace vecdb::format {
namespace {

constexpr uint32_t kMetaTag = Tag("META");
constexpr uint32_t kKeysTag = Tag("KEYS");
constexpr uint32_t kBloomTag = Tag("BLOM");

// Tags of field sections have their highest bit set, which letters never have.
constexpr uint32_t DataTag(int32_t field_id) {
  return 0x80010000u | static_cast<uint32_t>(field_id);
}
constexpr uint32_t BlocksTag(int32_t field_id) {
  return 0x80020000u | static_cast<uint32_t>(field_id);
}

bool IsFieldTag(uint32_t tag) {
  const uint32_t kind = tag & 0xffff0000u;
  return kind == DataTag(0) || kind == BlocksTag(0);
}

// Looks at the size before it takes memory.
absl::StatusOr<std::vector<uint32_t>> ReadWords(const SectionFile& file, uint32_t tag,
                                                uint64_t count, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const SectionInfo section, file.Find(tag));
  if (section.size_bytes != count * sizeof(uint32_t)) {
    return file.Damaged(
        absl::StrFormat("a section of %d bytes has to have %d words", section.size_bytes, count));
  }
  std::vector<uint32_t> words(static_cast<size_t>(count));
  VECDB_RETURN_IF_ERROR(file.Read(tag, std::as_writable_bytes(std::span(words)), context));
  return words;
}

template <typename T>
std::span<const T> Numbers(const Column& column) {
  if constexpr (std::is_same_v<T, uint8_t>) return column.bools();
  if constexpr (std::is_same_v<T, int8_t>) return column.int8s();
  if constexpr (std::is_same_v<T, int16_t>) return column.int16s();
  if constexpr (std::is_same_v<T, int32_t>) return column.int32s();
  if constexpr (std::is_same_v<T, int64_t>) return column.int64s();
  if constexpr (std::is_same_v<T, float>) return column.floats();
  if constexpr (std::is_same_v<T, double>) return column.doubles();
}

// The bytes of rows `begin` to `end` - 1 in the plain encoding.
std::string EncodePlain(const Column& column, size_t begin, size_t end) {
  base::ByteWriter out;
  const bool is_number = VisitNumberType(column.type(), [&]<typename T>(T*) {
    const auto values = Numbers<T>(column).subspan(begin, end - begin);
    out.PutBytes({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  });
  if (is_number) return out.str();
  uint32_t stop = 0;
  for (size_t row = begin; row < end; ++row) {
    stop += static_cast<uint32_t>(column.string(row).size());
    out.Put(stop);
  }
  for (size_t row = begin; row < end; ++row) out.PutBytes(column.string(row));
  return out.str();
}

// An empty column of a type, with room for `num_rows` numbers.
Column::Values MakeValues(DataType type, uint64_t num_rows) {
  Column::Values values = Column::Strings();
  VisitNumberType(type, [&]<typename T>(T*) {
    std::vector<T> numbers;
    numbers.reserve(static_cast<size_t>(num_rows));
    values = std::move(numbers);
  });
  return values;
}

}  // namespace

absl::StatusOr<ColumnFileWriter> ColumnFileWriter::Create(ObjectStore& store,
                                                          const ObjectPath& path, uint64_t num_rows,
                                                          const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto writer,
                         SectionWriter::Create(store, path, FileKind::kColumns, context));
  base::ByteWriter meta;
  meta.Put(num_rows);
  VECDB_RETURN_IF_ERROR(writer->AddSection(kMetaTag, base::AsBytes(meta.str()), context));
  return ColumnFileWriter(std::move(writer), num_rows);
}

absl::Status ColumnFileWriter::AddColumn(int32_t field_id, const Column& column,
                                         const Context& context) {
  if (column.num_rows() != num_rows_) {
    return absl::InternalError(absl::StrFormat("column %d has %d rows, its segment %d", field_id,
                                               column.num_rows(), num_rows_));
  }
  VECDB_RETURN_IF_ERROR(writer_->BeginSection(DataTag(field_id), context));
  base::ByteWriter table;
  uint64_t offset = 0;
  for (uint64_t begin = 0; begin < num_rows_; begin += schema::kBlockRows) {
    const uint64_t end = std::min<uint64_t>(num_rows_, begin + schema::kBlockRows);
    const std::string block =
        EncodePlain(column, static_cast<size_t>(begin), static_cast<size_t>(end));
    VECDB_RETURN_IF_ERROR(writer_->Append(base::AsBytes(block), context));
    PutBlockEntry({.offset = offset,
                   .size_bytes = block.size(),
                   .num_rows = static_cast<uint32_t>(end - begin)},
                  &table);
    offset += block.size();
  }
  return writer_->AddSection(BlocksTag(field_id), base::AsBytes(table.str()), context);
}

absl::Status ColumnFileWriter::AddKeys(const schema::KeyColumn& keys, const Context& context) {
  std::vector<uint32_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0u);
  if (keys.is_int64()) {
    const auto numbers = keys.int64s();
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return numbers[a] != numbers[b] ? numbers[a] < numbers[b] : a < b;
    });
  } else {
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return keys[a] < keys[b]; });
  }
  std::vector<uint32_t> bloom = MakeBloom(keys.size());
  for (size_t row = 0; row < keys.size(); ++row) BloomAdd(bloom, keys[row].Hash());
  VECDB_RETURN_IF_ERROR(
      writer_->AddSection(kKeysTag, base::AsBytes(std::span<const uint32_t>(order)), context));
  return writer_->AddSection(kBloomTag, base::AsBytes(std::span<const uint32_t>(bloom)), context);
}

absl::StatusOr<std::unique_ptr<ColumnFile>> ColumnFile::Open(
    ObjectStore& store, const ObjectPath& path, const std::optional<FileSummary>& expected,
    uint64_t num_rows, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto file,
                         SectionFile::Open(store, path, FileKind::kColumns, expected, context));
  std::vector<uint32_t> known = {kMetaTag, kKeysTag, kBloomTag};
  for (const SectionInfo& section : file->sections()) {
    if (IsFieldTag(section.tag)) known.push_back(section.tag);
  }
  VECDB_RETURN_IF_ERROR(file->CheckKnown(known));
  VECDB_ASSIGN_OR_RETURN(const std::string meta, file->ReadSmall(kMetaTag, 64, context));
  base::ByteReader reader(meta);
  const auto stored_rows = reader.Get<uint64_t>();
  if (!reader.ok() || stored_rows != num_rows || num_rows > kMaxFileRows) {
    return file->Damaged(absl::StrFormat("has %d rows, its segment %d", stored_rows, num_rows));
  }
  return std::unique_ptr<ColumnFile>(new ColumnFile(std::move(file), num_rows));
}

absl::StatusOr<std::shared_ptr<const BlockTable>> ColumnFile::GetTable(
    int32_t field_id, const Context& context) const {
  {
    base::MutexLock lock(&mutex_);
    if (const auto found = tables_.find(field_id); found != tables_.end()) return found->second;
  }
  VECDB_ASSIGN_OR_RETURN(const SectionInfo data, file_->Find(DataTag(field_id)));
  VECDB_ASSIGN_OR_RETURN(
      const std::string bytes,
      file_->ReadSmall(BlocksTag(field_id), num_blocks() * kBlockEntryBytes, context));
  VECDB_ASSIGN_OR_RETURN(BlockTable table,
                         ParseBlockTable(*file_, field_id, bytes, num_rows_, data.size_bytes));
  base::MutexLock lock(&mutex_);
  return tables_.emplace(field_id, std::make_shared<const BlockTable>(std::move(table)))
      .first->second;
}

absl::StatusOr<BlockEntry> ColumnFile::FindBlock(int32_t field_id, uint32_t block,
                                                 const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto table, GetTable(field_id, context));
  if (block < table->size()) return (*table)[block];
  return absl::InternalError(
      absl::StrFormat("field %d has %d blocks, none %d", field_id, table->size(), block));
}

absl::StatusOr<uint64_t> ColumnFile::ColumnBytes(int32_t field_id, DataType type,
                                                 const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto table, GetTable(field_id, context));
  uint64_t bytes = 0;
  for (const BlockEntry& entry : *table) bytes += format::ColumnBytes(entry, type);
  return bytes;
}

absl::Status ColumnFile::ImpossibleBlock(int32_t field_id) const {
  return file_->Damaged(absl::StrFormat("a block of field %d is impossible", field_id));
}

absl::StatusOr<Column> ColumnFile::ReadColumn(int32_t field_id, DataType type,
                                              const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto table, GetTable(field_id, context));
  VECDB_ASSIGN_OR_RETURN(const std::string data,
                         file_->ReadSmall(DataTag(field_id), kMaxColumnBytes, context));
  Column::Values values = MakeValues(type, num_rows_);
  for (const BlockEntry& entry : *table) {
    VECDB_RETURN_IF_ERROR(context.Check());
    BlockBytes bytes(static_cast<size_t>(entry.size_bytes));
    std::memcpy(bytes.data(), data.data() + entry.offset, bytes.size());
    const auto decoded = DecodeBlock(entry, type, std::move(bytes));
    if (!decoded.has_value()) return ImpossibleBlock(field_id);
    AppendBlock(decoded->block, &values);
  }
  return Column(type, 0, std::move(values));
}

absl::StatusOr<uint64_t> ColumnFile::BlockMemoryBytes(int32_t field_id, DataType type,
                                                      uint32_t block,
                                                      const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const BlockEntry entry, FindBlock(field_id, block, context));
  return DecodedBytes(entry, type);
}

absl::StatusOr<DecodedBlock> ColumnFile::ReadBlock(int32_t field_id, DataType type, uint32_t block,
                                                   const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const BlockEntry entry, FindBlock(field_id, block, context));
  BlockBytes bytes(static_cast<size_t>(entry.size_bytes));
  VECDB_RETURN_IF_ERROR(file_->ReadRange(DataTag(field_id), entry.offset, bytes.bytes(), context));
  auto decoded = DecodeBlock(entry, type, std::move(bytes));
  if (!decoded.has_value()) return ImpossibleBlock(field_id);
  return *std::move(decoded);
}

absl::StatusOr<std::shared_ptr<const ColumnSummary>> ColumnFile::ReadSummary(
    int32_t field_id, DataType, const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto table, GetTable(field_id, context));
  auto summary = std::make_shared<ColumnSummary>();
  summary->segment.num_rows = static_cast<uint32_t>(num_rows_);
  for (const BlockEntry& entry : *table) summary->blocks.push_back({.num_rows = entry.num_rows});
  summary->memory_bytes =
      sizeof(ColumnSummary) + summary->blocks.capacity() * sizeof(schema::ColumnStats);
  return summary;
}

absl::StatusOr<std::vector<ShreddedField>> ColumnFile::ReadShredded(const Context&) const {
  return std::vector<ShreddedField>();
}

absl::StatusOr<std::vector<uint32_t>> ColumnFile::ReadKeyOrder(const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(std::vector<uint32_t> order,
                         ReadWords(*file_, kKeysTag, num_rows_, context));
  std::vector<bool> seen(order.size());
  for (uint32_t row : order) {
    if (row >= order.size() || seen[row]) return file_->Damaged("key order is no permutation");
    seen[row] = true;
  }
  return order;
}

absl::StatusOr<std::vector<uint32_t>> ColumnFile::ReadBloom(const Context& context) const {
  return ReadWords(*file_, kBloomTag, BloomWords(num_rows_), context);
}

}  // namespace vecdb::format
