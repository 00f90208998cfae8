#include "query/join_columns.h"

#include <type_traits>
#include <utility>
#include <vector>

namespace vecdb::query {
namespace {

template <typename Values>
auto JoinNumbers(std::span<const Column* const> parts, std::span<const PartRow> rows,
                 Values values_of) {
  std::vector<std::remove_cvref_t<decltype(values_of(*parts[0])[0])>> joined;
  joined.reserve(rows.size());
  for (const PartRow& from : rows) joined.push_back(values_of(*parts[from.part])[from.row]);
  return joined;
}

}  // namespace

Column JoinColumns(std::span<const Column* const> parts, std::span<const PartRow> rows) {
  const DataType type = parts[0]->type();
  switch (type) {
    case DataType::kBool:
      return Column(type, 0, JoinNumbers(parts, rows, [](const Column& c) { return c.bools(); }));
    case DataType::kInt8:
      return Column(type, 0, JoinNumbers(parts, rows, [](const Column& c) { return c.int8s(); }));
    case DataType::kInt16:
      return Column(type, 0, JoinNumbers(parts, rows, [](const Column& c) { return c.int16s(); }));
    case DataType::kInt32:
      return Column(type, 0, JoinNumbers(parts, rows, [](const Column& c) { return c.int32s(); }));
    case DataType::kInt64:
      return Column(type, 0, JoinNumbers(parts, rows, [](const Column& c) { return c.int64s(); }));
    case DataType::kFloat:
      return Column(type, 0, JoinNumbers(parts, rows, [](const Column& c) { return c.floats(); }));
    case DataType::kDouble:
      return Column(type, 0, JoinNumbers(parts, rows, [](const Column& c) { return c.doubles(); }));
    case DataType::kFloatVector: {
      Column::Vectors vectors;
      vectors.owned.reserve(rows.size() * static_cast<size_t>(parts[0]->dim()));
      for (const PartRow& from : rows) {
        const auto vector = parts[from.part]->vector(from.row);
        vectors.owned.insert(vectors.owned.end(), vector.begin(), vector.end());
      }
      return Column(type, parts[0]->dim(), std::move(vectors));
    }
    default: {
      Column::Strings strings;
      strings.ends.reserve(rows.size());
      for (const PartRow& from : rows) {
        strings.bytes.append(parts[from.part]->string(from.row));
        strings.ends.push_back(strings.bytes.size());
      }
      return Column(type, 0, std::move(strings));
    }
  }
}

}  // namespace vecdb::query
