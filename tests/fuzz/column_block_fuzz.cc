// The columns of a segment: blocks, keys, Bloom filter. kFramed: sections.
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
  }
  vecdb::fuzz::UseKeys(**file, num_rows);
  return 0;
}
