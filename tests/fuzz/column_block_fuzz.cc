// The columns of a segment: blocks, statistics, hidden columns, keys, Bloom filters. kFramed:
// sections.
//
// mode: bits 0-1 shape, the others the type to read columns as; then the number of rows of the
// segment, u16
#include <iterator>

#include "format/bloom.h"
#include "format/column_file.h"
#include "fuzz/fuzz_support.h"

namespace vecdb::fuzz {
namespace {

using format::ColumnFile;

constexpr DataType kTypes[] = {DataType::kBool,   DataType::kInt8,    DataType::kInt16,
                               DataType::kInt32,  DataType::kInt64,   DataType::kFloat,
                               DataType::kDouble, DataType::kVarChar, DataType::kJson};
constexpr int32_t kFields[] = {format::kTimestampFieldId, 100};

void UseColumn(const ColumnFile& file, int32_t field, DataType type, uint64_t num_rows) {
  const auto column = file.ReadColumn(field, type, {});
  if (!column.ok()) return;
  Require(file.ColumnBytes(field, type).ok(), "a column that is there has bytes");
  Require(column->type() == type && column->num_rows() == num_rows && column->well_formed(),
          "a column has its rows");
  size_t bytes = 0;
  for (size_t row = 0; row < num_rows; ++row) bytes += column->string(row).size();
  Require(bytes <= *file.ColumnBytes(field, type), "strings lie in their column");
  for (const uint8_t value : column->bools()) Require(value <= 1, "a bool is 0 or 1");
}

// A block that is accepted can be read to its last byte, and gives the rows of the column.
void UseBlock(const schema::ColumnBlock& block, const Column& column, size_t first_row) {
  for (size_t row = 0; block.ends != nullptr && row < block.num_rows; ++row) {
    Require(block.string(row) == column.string(first_row + row),
            "a block has the strings of its column");
  }
  for (size_t i = 1; block.codes != nullptr && i < block.num_strings; ++i) {
    Require(block.text(i - 1) < block.text(i), "a dictionary is sorted");
  }
  if (block.type == DataType::kInt64) {
    for (size_t row = 0; row < block.num_rows; ++row) {
      Require(block.as<int64_t>()[block.constant ? 0 : row] == column.int64s()[first_row + row],
              "a block has the numbers of its column");
    }
  }
  if (block.type == DataType::kBool) {
    for (const uint8_t value : block.as<uint8_t>()) Require(value <= 1, "a bool is 0 or 1");
  }
}

void UseBlocks(const ColumnFile& file, int32_t field, DataType type, uint64_t num_rows) {
  const auto column = file.ReadColumn(field, type, {});
  const auto num_blocks =
      static_cast<uint32_t>((num_rows + schema::kBlockRows - 1) / schema::kBlockRows);
  bool sound = true;
  for (uint32_t block = 0; block < num_blocks; ++block) {
    const auto memory_bytes = file.BlockMemoryBytes(field, type, block, {});
    const auto decoded = file.ReadBlock(field, type, block, {});
    sound = sound && decoded.ok();
    if (!decoded.ok()) continue;
    Require(memory_bytes.ok() && decoded->memory_bytes <= *memory_bytes,
            "a block takes no more than it said");
    if (column.ok()) UseBlock(decoded->block, *column, block * size_t{schema::kBlockRows});
  }
  Require(!column.ok() || sound, "blocks of a sound column are sound");
  Require(!file.ReadBlock(field, type, num_blocks, {}).ok(), "there is no block behind the last");
}

void UseStats(const schema::ColumnStats& stats) {
  Require(stats.distinct <= stats.num_rows, "distinct values are rows at most");
  Require(stats.min_integer <= stats.max_integer && stats.min_real <= stats.max_real &&
              (!stats.max_string_known || stats.min_string <= stats.max_string),
          "bounds are in order");
}

void UseSummary(const ColumnFile& file, int32_t field, DataType type, uint64_t num_rows) {
  const auto summary = file.ReadSummary(field, type, {});
  if (!summary.ok()) return;
  UseStats((*summary)->segment);
  uint64_t rows = 0;
  for (const schema::ColumnStats& block : (*summary)->blocks) {
    UseStats(block);
    rows += block.num_rows;
  }
  Require(rows == num_rows && (*summary)->segment.num_rows == num_rows, "statistics have all rows");
  format::BloomMayContain((*summary)->bloom, 0x9e3779b97f4a7c15ULL);
}

void UseShredded(const ColumnFile& file, uint64_t num_rows) {
  const auto fields = file.ReadShredded({});
  if (!fields.ok()) return;
  for (const format::ShreddedField& field : *fields) {
    UseColumn(file, field.states_field_id, DataType::kInt8, num_rows);
    UseColumn(file, field.values_field_id, field.type, num_rows);
    UseBlocks(file, field.values_field_id, field.type, num_rows);
    UseSummary(file, field.values_field_id, field.type, num_rows);
  }
}

void UseKeys(const ColumnFile& file, uint64_t num_rows) {
  const auto order = file.ReadKeyOrder({});
  if (order.ok()) {
    std::vector<bool> seen(num_rows);
    Require(order->size() == num_rows, "every row has its place");
    for (const uint32_t row : *order) {
      Require(row < num_rows && !seen[row], "the order of keys is a permutation");
      seen[row] = true;
    }
  }
  const auto bloom = file.ReadBloom({});
  if (!bloom.ok()) return;
  for (uint64_t hash = 0; hash < 4; ++hash) {
    format::BloomMayContain(*bloom, hash * 0x9e3779b97f4a7c15ULL);
  }
}

}  // namespace
}  // namespace vecdb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vecdb::fuzz::Input input(data, size);
  const uint8_t mode = input.Byte();
  const uint64_t num_rows = input.Word();
  const std::string bytes =
      vecdb::fuzz::MakeSectionFile(mode, vecdb::format::FileKind::kColumns, input.rest());
  vecdb::fuzz::OneObjectStore store(bytes);
  const auto file =
      vecdb::format::ColumnFile::Open(store, vecdb::fuzz::ObjectName(), std::nullopt, num_rows, {});
  if (!file.ok()) return 0;
  const vecdb::DataType type = vecdb::fuzz::kTypes[(mode >> 2) % std::size(vecdb::fuzz::kTypes)];
  for (const int32_t field : vecdb::fuzz::kFields) {
    vecdb::fuzz::UseColumn(**file, field, type, num_rows);
    vecdb::fuzz::UseBlocks(**file, field, type, num_rows);
    vecdb::fuzz::UseSummary(**file, field, type, num_rows);
  }
  vecdb::fuzz::UseShredded(**file, num_rows);
  vecdb::fuzz::UseKeys(**file, num_rows);
  return 0;
}
