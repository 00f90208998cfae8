#include "format/column_file.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <type_traits>

#include "absl/strings/str_format.h"
#include "base/byte_io.h"
#include "base/status_macros.h"
#include "format/bloom.h"

namespace vecdb::format {
namespace {

constexpr uint32_t kMetaTag = Tag("META");
constexpr uint32_t kKeysTag = Tag("KEYS");
constexpr uint32_t kBloomTag = Tag("BLOM");
constexpr uint64_t kBlockEntryBytes = 32;
constexpr uint32_t kPlain = 1;

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

// Calls `visit` with a null pointer to the C++ type of a fixed-width type; false for the others.
template <typename Visit>
bool VisitNumberType(DataType type, Visit visit) {
  switch (type) {
    case DataType::kBool:
      visit(static_cast<uint8_t*>(nullptr));
      return true;
    case DataType::kInt8:
      visit(static_cast<int8_t*>(nullptr));
      return true;
    case DataType::kInt16:
      visit(static_cast<int16_t*>(nullptr));
      return true;
    case DataType::kInt32:
      visit(static_cast<int32_t*>(nullptr));
      return true;
    case DataType::kInt64:
      visit(static_cast<int64_t*>(nullptr));
      return true;
    case DataType::kFloat:
      visit(static_cast<float*>(nullptr));
      return true;
    case DataType::kDouble:
      visit(static_cast<double*>(nullptr));
      return true;
    default:
      return false;
  }
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

template <typename T>
bool DecodeNumbers(std::string_view block, uint32_t num_rows, std::vector<T>* values) {
  if (block.size() != num_rows * sizeof(T)) return false;
  const size_t first = values->size();
  values->resize(first + num_rows);
  if (num_rows > 0) std::memcpy(values->data() + first, block.data(), block.size());
  if constexpr (std::is_same_v<T, uint8_t>) {
    return std::all_of(values->begin() + static_cast<ptrdiff_t>(first), values->end(),
                       [](uint8_t value) { return value <= 1; });
  }
  return true;
}

bool DecodeStrings(std::string_view block, uint32_t num_rows, Column::Strings* strings) {
  const uint64_t ends_bytes = uint64_t{num_rows} * sizeof(uint32_t);
  if (block.size() < ends_bytes) return false;
  const std::string_view text = block.substr(static_cast<size_t>(ends_bytes));
  base::ByteReader reader(block);
  const uint64_t base = strings->bytes.size();
  uint32_t last = 0;
  for (uint32_t i = 0; i < num_rows; ++i) {
    const auto stop = reader.Get<uint32_t>();
    if (stop < last || stop > text.size()) return false;
    strings->ends.push_back(base + stop);
    last = stop;
  }
  strings->bytes.append(text);
  return last == text.size();
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
  for (uint64_t begin = 0; begin < num_rows_; begin += kBlockRows) {
    const uint64_t end = std::min<uint64_t>(num_rows_, begin + kBlockRows);
    const std::string block =
        EncodePlain(column, static_cast<size_t>(begin), static_cast<size_t>(end));
    VECDB_RETURN_IF_ERROR(writer_->Append(base::AsBytes(block), context));
    table.Put(offset);
    table.Put(static_cast<uint64_t>(block.size()));
    table.Put(static_cast<uint32_t>(end - begin));
    table.Put(kPlain);
    table.PadTo(kBlockEntryBytes);
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

absl::StatusOr<std::vector<ColumnFile::Block>> ColumnFile::ReadBlockTable(
    int32_t field_id, uint64_t data_bytes, const Context& context) const {
  const uint64_t num_blocks = (num_rows_ + kBlockRows - 1) / kBlockRows;
  VECDB_ASSIGN_OR_RETURN(
      const std::string table,
      file_->ReadSmall(BlocksTag(field_id), num_blocks * kBlockEntryBytes, context));
  if (table.size() != num_blocks * kBlockEntryBytes) {
    return file_->Damaged(absl::StrFormat("block table of field %d has %d bytes, not %d", field_id,
                                          table.size(), num_blocks * kBlockEntryBytes));
  }
  base::ByteReader reader(table);
  std::vector<Block> blocks(static_cast<size_t>(num_blocks));
  uint64_t offset = 0;
  uint64_t rows_left = num_rows_;
  for (Block& block : blocks) {
    block.offset = reader.Get<uint64_t>();
    block.size_bytes = reader.Get<uint64_t>();
    block.num_rows = reader.Get<uint32_t>();
    const auto encoding = reader.Get<uint32_t>();
    reader.Get<uint64_t>();
    if (block.offset != offset || block.size_bytes > data_bytes - offset ||
        block.num_rows != std::min<uint64_t>(rows_left, kBlockRows)) {
      return file_->Damaged(absl::StrFormat("block table of field %d is impossible", field_id));
    }
    if (encoding != kPlain) {
      return absl::FailedPreconditionError(
          absl::StrFormat("object %s: field %d has encoding %d, unknown to this library",
                          file_->path(), field_id, encoding));
    }
    offset += block.size_bytes;
    rows_left -= block.num_rows;
  }
  if (offset != data_bytes)
    return file_->Damaged(absl::StrFormat("field %d has stray bytes", field_id));
  return blocks;
}

absl::StatusOr<uint64_t> ColumnFile::ColumnBytes(int32_t field_id, DataType type) const {
  VECDB_ASSIGN_OR_RETURN(const SectionInfo section, file_->Find(DataTag(field_id)));
  if (type != DataType::kVarChar && type != DataType::kJson) return section.size_bytes;
  // The ends of strings are kept in twice the bytes.
  return section.size_bytes + num_rows_ * sizeof(uint32_t);
}

absl::StatusOr<Column> ColumnFile::ReadColumn(int32_t field_id, DataType type,
                                              const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const SectionInfo section, file_->Find(DataTag(field_id)));
  VECDB_ASSIGN_OR_RETURN(const std::vector<Block> blocks,
                         ReadBlockTable(field_id, section.size_bytes, context));
  VECDB_ASSIGN_OR_RETURN(const std::string data,
                         file_->ReadSmall(DataTag(field_id), kMaxColumnBytes, context));
  bool sound = true;
  const auto block_text = [&data](const Block& block) {
    return std::string_view(data).substr(static_cast<size_t>(block.offset),
                                         static_cast<size_t>(block.size_bytes));
  };
  Column::Values values;
  const bool is_number = VisitNumberType(type, [&]<typename T>(T*) {
    std::vector<T> numbers;
    if (section.size_bytes == num_rows_ * sizeof(T))
      numbers.reserve(static_cast<size_t>(num_rows_));
    for (const Block& block : blocks) {
      sound = sound && DecodeNumbers(block_text(block), block.num_rows, &numbers);
    }
    values = std::move(numbers);
  });
  if (!is_number) {
    Column::Strings strings;
    for (const Block& block : blocks) {
      sound = sound && DecodeStrings(block_text(block), block.num_rows, &strings);
    }
    values = std::move(strings);
  }
  if (!sound) return file_->Damaged(absl::StrFormat("a block of field %d is impossible", field_id));
  return Column(type, 0, std::move(values));
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
