#include "query/group_value.h"

#include <cstdint>

namespace vecdb::query {

FilterValue GroupValueAt(const Column& column, size_t row) {
  switch (column.type()) {
    case DataType::kBool:
      return column.bools()[row] != 0;
    case DataType::kInt8:
      return column.int8s()[row];
    case DataType::kInt16:
      return column.int16s()[row];
    case DataType::kInt32:
      return column.int32s()[row];
    case DataType::kInt64:
      return column.int64s()[row];
    case DataType::kFloat:
      return column.floats()[row];
    case DataType::kDouble:
      return column.doubles()[row];
    default:
      return column.string(row);
  }
}

std::string GroupBytes(const FilterValue& value) {
  if (const auto* text = value.get_if<std::string>()) return *text;
  double real = 0;
  if (const auto* number = value.get_if<double>()) {
    real = *number + 0.0;  // -0.0 is 0.0
    return {reinterpret_cast<const char*>(&real), sizeof(real)};
  }
  const auto* integer = value.get_if<int64_t>();
  const int64_t number = integer != nullptr ? *integer : *value.get_if<bool>();
  return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

}  // namespace vecdb::query
