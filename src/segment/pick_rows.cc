#include "segment/pick_rows.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "schema/column_block.h"

namespace vecdb::segment {
namespace {

struct BlockField {
  int32_t id = 0;
  DataType type{};
};

// Calls visit(place, block) for every place in `rows` with the block of its row, one block after
// the other: however many rows are wanted, one block is held.
template <typename Visit>
absl::Status VisitBlocks(ColumnBlocks& blocks, const BlockField& field,
                         std::span<const uint32_t> rows, const Context& context, Visit visit) {
  std::vector<uint32_t> places(rows.size());
  std::iota(places.begin(), places.end(), 0);
  std::stable_sort(places.begin(), places.end(), [rows](uint32_t a, uint32_t b) {
    return rows[a] / schema::kBlockRows < rows[b] / schema::kBlockRows;
  });
  std::optional<uint32_t> held;
  schema::ColumnBlock block;
  for (const uint32_t place : places) {
    const uint32_t wanted = rows[place] / schema::kBlockRows;
    if (held != wanted) {
      block = {};
      VECDB_ASSIGN_OR_RETURN(block, blocks.Read(field.id, field.type, wanted, context));
      held = wanted;
    }
    visit(place, block);
  }
  return absl::OkStatus();
}

template <typename T>
absl::StatusOr<Column> PickNumbers(ColumnBlocks& blocks, const BlockField& field,
                                   std::span<const uint32_t> rows, const Context& context) {
  std::vector<T> picked(rows.size());
  VECDB_RETURN_IF_ERROR(VisitBlocks(
      blocks, field, rows, context, [&](uint32_t place, const schema::ColumnBlock& block) {
        picked[place] = block.as<T>()[block.constant ? 0 : rows[place] % schema::kBlockRows];
      }));
  return Column(field.type, 0, std::move(picked));
}

absl::StatusOr<Column> PickStrings(ColumnBlocks& blocks, const BlockField& field,
                                   std::span<const uint32_t> rows, const Context& context) {
  std::string texts;  // block by block
  struct Piece {
    size_t begin = 0;
    size_t size = 0;
  };
  std::vector<Piece> pieces(rows.size());
  VECDB_RETURN_IF_ERROR(VisitBlocks(
      blocks, field, rows, context, [&](uint32_t place, const schema::ColumnBlock& block) {
        const std::string_view text = block.string(rows[place] % schema::kBlockRows);
        pieces[place] = {texts.size(), text.size()};
        texts.append(text);
      }));
  Column::Strings strings;
  strings.bytes.reserve(texts.size());
  strings.ends.reserve(rows.size());
  for (const Piece& piece : pieces) {
    strings.bytes.append(texts, piece.begin, piece.size);
    strings.ends.push_back(strings.bytes.size());
  }
  return Column(field.type, 0, std::move(strings));
}

template <typename T>
Column PickNumbers(DataType type, std::span<const uint32_t> rows, std::span<const T> values) {
  std::vector<T> picked;
  picked.reserve(rows.size());
  for (const uint32_t row : rows) picked.push_back(values[row]);
  return Column(type, 0, std::move(picked));
}

Column PickStrings(const Column& column, std::span<const uint32_t> rows) {
  Column::Strings strings;
  strings.ends.reserve(rows.size());
  for (const uint32_t row : rows) {
    strings.bytes.append(column.string(row));
    strings.ends.push_back(strings.bytes.size());
  }
  return Column(column.type(), 0, std::move(strings));
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
      return PickStrings(column, rows);
  }
}

absl::StatusOr<Column> PickRows(ColumnBlocks& blocks, int32_t field_id, DataType type,
                                std::span<const uint32_t> rows, const Context& context) {
  const BlockField field = {field_id, type};
  switch (type) {
    case DataType::kBool:
      return PickNumbers<uint8_t>(blocks, field, rows, context);
    case DataType::kInt8:
      return PickNumbers<int8_t>(blocks, field, rows, context);
    case DataType::kInt16:
      return PickNumbers<int16_t>(blocks, field, rows, context);
    case DataType::kInt32:
      return PickNumbers<int32_t>(blocks, field, rows, context);
    case DataType::kInt64:
      return PickNumbers<int64_t>(blocks, field, rows, context);
    case DataType::kFloat:
      return PickNumbers<float>(blocks, field, rows, context);
    case DataType::kDouble:
      return PickNumbers<double>(blocks, field, rows, context);
    default:
      return PickStrings(blocks, field, rows, context);
  }
}

}  // namespace vecdb::segment
