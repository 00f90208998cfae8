#include "segment/pick_rows.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/status_macros.h"
#include "schema/column_block.h"

namespace vecdb::segment {
namespace {

template <typename T, typename ValueOf>
Column PickNumbers(DataType type, std::span<const uint32_t> rows, ValueOf value_of) {
  std::vector<T> picked;
  picked.reserve(rows.size());
  for (uint32_t row : rows) picked.push_back(value_of(row));
  return Column(type, 0, std::move(picked));
}

template <typename TextOf>
Column PickStrings(DataType type, std::span<const uint32_t> rows, TextOf text_of) {
  Column::Strings strings;
  strings.ends.reserve(rows.size());
  for (uint32_t row : rows) {
    strings.bytes.append(text_of(row));
    strings.ends.push_back(strings.bytes.size());
  }
  return Column(type, 0, std::move(strings));
}

// The blocks that some rows lie in.
class PickedBlocks {
 public:
  absl::Status Read(ColumnBlocks& blocks, int32_t field_id, DataType type,
                    std::span<const uint32_t> rows, const Context& context) {
    for (uint32_t row : rows) {
      const uint32_t block = row / schema::kBlockRows;
      if (blocks_.contains(block)) continue;
      VECDB_ASSIGN_OR_RETURN(blocks_[block], blocks.Read(field_id, type, block, context));
    }
    return absl::OkStatus();
  }

  template <typename T>
  T number(uint32_t row) const {
    const schema::ColumnBlock& block = of(row);
    return block.as<T>()[block.constant ? 0 : row % schema::kBlockRows];
  }
  std::string_view string(uint32_t row) const { return of(row).string(row % schema::kBlockRows); }

 private:
  const schema::ColumnBlock& of(uint32_t row) const {
    return blocks_.find(row / schema::kBlockRows)->second;
  }

  absl::flat_hash_map<uint32_t, schema::ColumnBlock> blocks_;
};

template <typename T>
Column PickNumbers(DataType type, std::span<const uint32_t> rows, const PickedBlocks& blocks) {
  return PickNumbers<T>(type, rows, [&blocks](uint32_t row) { return blocks.number<T>(row); });
}

template <typename T>
Column PickNumbers(DataType type, std::span<const uint32_t> rows, std::span<const T> values) {
  return PickNumbers<T>(type, rows, [values](uint32_t row) { return values[row]; });
}

}  // namespace

Column PickRows(const Column& column, std::span<const uint32_t> rows) {
  const DataType type = column.type();
  switch (type) {
    case DataType::kBool:
      return PickNumbers(type, rows, column.bools());
    case DataType::kInt8:
      return PickNumbers(type, rows, column.int8s());
    case DataType::kInt16:
      return PickNumbers(type, rows, column.int16s());
    case DataType::kInt32:
      return PickNumbers(type, rows, column.int32s());
    case DataType::kInt64:
      return PickNumbers(type, rows, column.int64s());
    case DataType::kFloat:
      return PickNumbers(type, rows, column.floats());
    case DataType::kDouble:
      return PickNumbers(type, rows, column.doubles());
    default:
      return PickStrings(type, rows, [&column](uint32_t row) { return column.string(row); });
  }
}

absl::StatusOr<Column> PickRows(ColumnBlocks& blocks, int32_t field_id, DataType type,
                                std::span<const uint32_t> rows, const Context& context) {
  PickedBlocks picked;
  VECDB_RETURN_IF_ERROR(picked.Read(blocks, field_id, type, rows, context));
  switch (type) {
    case DataType::kBool:
      return PickNumbers<uint8_t>(type, rows, picked);
    case DataType::kInt8:
      return PickNumbers<int8_t>(type, rows, picked);
    case DataType::kInt16:
      return PickNumbers<int16_t>(type, rows, picked);
    case DataType::kInt32:
      return PickNumbers<int32_t>(type, rows, picked);
    case DataType::kInt64:
      return PickNumbers<int64_t>(type, rows, picked);
    case DataType::kFloat:
      return PickNumbers<float>(type, rows, picked);
    case DataType::kDouble:
      return PickNumbers<double>(type, rows, picked);
    default:
      return PickStrings(type, rows, [&picked](uint32_t row) { return picked.string(row); });
  }
}

}  // namespace vecdb::segment
