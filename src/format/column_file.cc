#include "format/column_file.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <type_traits>

#include "base/byte_io.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/bloom.h"
#include "format/column_encoder.h"
#include "format/number_type.h"

namespace vecdb::format {
namespace {

constexpr uint32_t kMetaTag = Tag("META");
constexpr uint32_t kKeysTag = Tag("KEYS");
constexpr uint32_t kBloomTag = Tag("BLOM");
constexpr uint32_t kShreddedTag = Tag("SHRD");

// Tags of field sections have their highest bit set, which letters never have.
constexpr uint32_t DataTag(int32_t field_id) {
  return 0x80010000u | static_cast<uint32_t>(field_id);
}
constexpr uint32_t BlocksTag(int32_t field_id) {
  return 0x80020000u | static_cast<uint32_t>(field_id);
}
constexpr uint32_t StatsTag(int32_t field_id) {
  return 0x80030000u | static_cast<uint32_t>(field_id);
}
constexpr uint32_t BloomTag(int32_t field_id) {
  return 0x80040000u | static_cast<uint32_t>(field_id);
}

bool IsFieldTag(uint32_t tag) {
  const uint32_t kind = tag & 0xffff0000u;
  return kind >= DataTag(0) && kind <= BloomTag(0);
}

// Looks at the size before it takes memory.
absl::StatusOr<std::vector<uint32_t>> ReadWords(const SectionFile& file, uint32_t tag,
                                                uint64_t count, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const SectionInfo section, file.Find(tag));
  if (section.size_bytes != count * sizeof(uint32_t)) {
    return file.Damaged(
        base::StrFormat("a section of %d bytes has to have %d words", section.size_bytes, count));
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

// Rows `begin` to `end` - 1 of a column; `views` is where their strings are kept.
schema::ColumnBlock BlockOf(const Column& column, size_t begin, size_t end,
                            std::vector<std::string_view>* views) {
  schema::ColumnBlock block{.type = column.type(), .num_rows = static_cast<uint32_t>(end - begin)};
  const bool is_number = VisitNumberType(column.type(), [&]<typename T>(T*) {
    block.numbers = Numbers<T>(column).subspan(begin).data();
  });
  if (is_number) return block;
  views->clear();
  for (size_t row = begin; row < end; ++row) views->push_back(column.string(row));
  block.views = views->data();
  return block;
}

uint64_t StringBytes(const schema::ColumnStats& stats) {
  return stats.min_string.capacity() + stats.max_string.capacity();
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
    return absl::InternalError(base::StrFormat("column %d has %d rows, its segment %d", field_id,
                                               column.num_rows(), num_rows_));
  }
  VECDB_RETURN_IF_ERROR(writer_->BeginSection(DataTag(field_id), context));
  ColumnEncoder encoder(column.type());
  std::vector<std::string_view> views;
  for (uint64_t begin = 0; begin < num_rows_; begin += schema::kBlockRows) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const uint64_t end = std::min<uint64_t>(num_rows_, begin + schema::kBlockRows);
    const std::string bytes =
        encoder.Add(BlockOf(column, static_cast<size_t>(begin), static_cast<size_t>(end), &views));
    VECDB_RETURN_IF_ERROR(writer_->Append(base::AsBytes(bytes), context));
  }
  VECDB_RETURN_IF_ERROR(
      writer_->AddSection(BlocksTag(field_id), base::AsBytes(encoder.table()), context));
  return AddStatistics(field_id, encoder, context);
}

absl::Status ColumnFileWriter::AddStatistics(int32_t field_id, const ColumnEncoder& encoder,
                                             const Context& context) {
  VECDB_RETURN_IF_ERROR(AddOptional(StatsTag(field_id), base::AsBytes(encoder.Stats()), context));
  const std::vector<uint32_t> bloom = encoder.Bloom();
  if (bloom.empty()) return absl::OkStatus();
  return AddOptional(BloomTag(field_id), base::AsBytes(std::span<const uint32_t>(bloom)), context);
}

absl::StatusOr<int32_t> ColumnFileWriter::AddHidden(const EncodedColumn& column,
                                                    const Context& context) {
  const int32_t field_id = next_hidden_id_++;
  VECDB_RETURN_IF_ERROR(AddOptional(DataTag(field_id), base::AsBytes(column.bytes), context));
  VECDB_RETURN_IF_ERROR(
      AddOptional(BlocksTag(field_id), base::AsBytes(column.encoder.table()), context));
  VECDB_RETURN_IF_ERROR(AddStatistics(field_id, column.encoder, context));
  return field_id;
}

absl::Status ColumnFileWriter::AddShreddedJson(int32_t field_id, const Column& column,
                                               const Context& context) {
  const size_t max_paths = std::min(kMaxShreddedPaths, kMaxFileShreddedPaths - shredded_.size());
  VECDB_ASSIGN_OR_RETURN(const auto columns, ShredJson(column, max_paths, context));
  for (const ShreddedColumn& shredded : columns) {
    ShreddedField field{.json_field_id = field_id, .path = shredded.path, .type = shredded.type};
    VECDB_ASSIGN_OR_RETURN(field.states_field_id, AddHidden(shredded.states, context));
    VECDB_ASSIGN_OR_RETURN(field.values_field_id, AddHidden(shredded.values, context));
    shredded_.push_back(std::move(field));
  }
  return absl::OkStatus();
}

absl::StatusOr<FileSummary> ColumnFileWriter::Finish(const Context& context) {
  if (!shredded_.empty()) {
    VECDB_RETURN_IF_ERROR(
        AddOptional(kShreddedTag, base::AsBytes(EncodeShredded(shredded_)), context));
  }
  return writer_->Finish(context);
}

absl::Status ColumnFileWriter::AddOptional(uint32_t tag, std::span<const std::byte> bytes,
                                           const Context& context) {
  VECDB_RETURN_IF_ERROR(writer_->BeginSection(tag, context, 1, /*critical=*/false));
  return writer_->Append(bytes, context);
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
  std::vector<uint32_t> known = {kMetaTag, kKeysTag, kBloomTag, kShreddedTag};
  for (const SectionInfo& section : file->sections()) {
    if (IsFieldTag(section.tag)) known.push_back(section.tag);
  }
  VECDB_RETURN_IF_ERROR(file->CheckKnown(known));
  VECDB_ASSIGN_OR_RETURN(const std::string meta, file->ReadSmall(kMetaTag, 64, context));
  base::ByteReader reader(meta);
  const auto stored_rows = reader.Get<uint64_t>();
  if (!reader.ok() || stored_rows != num_rows || num_rows > kMaxFileRows) {
    return file->Damaged(base::StrFormat("has %d rows, its segment %d", stored_rows, num_rows));
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
      base::StrFormat("field %d has %d blocks, none %d", field_id, table->size(), block));
}

absl::StatusOr<uint64_t> ColumnFile::ColumnBytes(int32_t field_id, DataType type,
                                                 const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto table, GetTable(field_id, context));
  uint64_t bytes = 0;
  for (const BlockEntry& entry : *table) bytes += format::ColumnBytes(entry, type);
  return bytes;
}

absl::Status ColumnFile::ImpossibleBlock(int32_t field_id) const {
  return file_->Damaged(base::StrFormat("a block of field %d is impossible", field_id));
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

absl::StatusOr<SegmentStats> ColumnFile::ReadStats(int32_t field_id, DataType type,
                                                   const Context& context) const {
  if (file_->Has(StatsTag(field_id))) {
    VECDB_ASSIGN_OR_RETURN(
        const std::string bytes,
        file_->ReadSmall(StatsTag(field_id), MaxStatsBytes(num_blocks()), context));
    auto stats = DecodeStats(type, num_rows_, bytes);
    if (stats.has_value()) return *std::move(stats);
    return file_->Damaged(base::StrFormat("statistics of field %d are impossible", field_id));
  }
  VECDB_ASSIGN_OR_RETURN(const auto table, GetTable(field_id, context));
  SegmentStats stats;
  stats.segment.num_rows = static_cast<uint32_t>(num_rows_);
  for (const BlockEntry& entry : *table) stats.blocks.push_back({.num_rows = entry.num_rows});
  return stats;
}

absl::StatusOr<std::vector<uint32_t>> ColumnFile::ReadColumnBloom(int32_t field_id,
                                                                  const Context& context) const {
  if (!file_->Has(BloomTag(field_id))) return std::vector<uint32_t>();
  VECDB_ASSIGN_OR_RETURN(const SectionInfo section, file_->Find(BloomTag(field_id)));
  const uint64_t num_words = section.size_bytes / sizeof(uint32_t);
  if (num_words > BloomWords(num_rows_ + num_rows_ / 16) || num_words % BloomWords(0) != 0) {
    return file_->Damaged(base::StrFormat("a filter over field %d cannot have %d bytes", field_id,
                                          section.size_bytes));
  }
  return ReadWords(*file_, BloomTag(field_id), num_words, context);
}

absl::StatusOr<std::shared_ptr<const ColumnSummary>> ColumnFile::ReadSummary(
    int32_t field_id, DataType type, const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(SegmentStats stats, ReadStats(field_id, type, context));
  auto summary = std::make_shared<ColumnSummary>();
  summary->segment = std::move(stats.segment);
  summary->blocks = std::move(stats.blocks);
  VECDB_ASSIGN_OR_RETURN(summary->bloom, ReadColumnBloom(field_id, context));
  summary->memory_bytes = sizeof(ColumnSummary) + summary->bloom.capacity() * sizeof(uint32_t) +
                          summary->blocks.capacity() * sizeof(schema::ColumnStats) +
                          StringBytes(summary->segment);
  for (const schema::ColumnStats& block : summary->blocks) {
    summary->memory_bytes += StringBytes(block);
  }
  return summary;
}

absl::StatusOr<std::vector<ShreddedField>> ColumnFile::ReadShredded(const Context& context) const {
  if (!file_->Has(kShreddedTag)) return std::vector<ShreddedField>();
  VECDB_ASSIGN_OR_RETURN(const std::string bytes,
                         file_->ReadSmall(kShreddedTag, MaxShreddedBytes(), context));
  auto fields = DecodeShredded(bytes);
  if (!fields.has_value()) return file_->Damaged("the list of hidden columns is impossible");
  for (const ShreddedField& field : *fields) {
    for (const int32_t id : {field.states_field_id, field.values_field_id}) {
      VECDB_RETURN_IF_ERROR(file_->Find(DataTag(id)).status());
    }
  }
  return *std::move(fields);
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
