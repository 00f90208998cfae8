#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "schema/json_text.h"
#include "vecdb/row_batch.h"

namespace vecdb {
namespace {

using schema::AppendJsonNumber;
using schema::AppendJsonString;

void AppendVector(std::span<const float> vector, std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < vector.size(); ++i) {
    if (i > 0) out->push_back(',');
    AppendJsonNumber(vector[i], out);
  }
  out->push_back(']');
}

void AppendValue(const Column& column, size_t row, std::string* out) {
  if (row >= column.num_rows()) {
    out->append("null");
    return;
  }
  switch (column.type()) {
    case DataType::kBool:
      out->append(column.bools()[row] != 0 ? "true" : "false");
      return;
    case DataType::kInt8:
      return AppendJsonNumber(column.int8s()[row], out);
    case DataType::kInt16:
      return AppendJsonNumber(column.int16s()[row], out);
    case DataType::kInt32:
      return AppendJsonNumber(column.int32s()[row], out);
    case DataType::kInt64:
      return AppendJsonNumber(column.int64s()[row], out);
    case DataType::kFloat:
      return AppendJsonNumber(column.floats()[row], out);
    case DataType::kDouble:
      return AppendJsonNumber(column.doubles()[row], out);
    case DataType::kVarChar:
      return AppendJsonString(column.string(row), out);
    case DataType::kJson:
      out->append(column.string(row));
      return;
    case DataType::kFloatVector:
      return AppendVector(column.vector(row), out);
    default:
      out->append("null");
  }
}

// What stands between the braces of a value of `$meta`; "" when there is nothing.
std::string_view InsideBraces(std::string_view object) {
  const absl::string_view text =
      absl::StripAsciiWhitespace(absl::string_view(object.data(), object.size()));
  if (text.size() < 2) return {};
  const absl::string_view inside = absl::StripAsciiWhitespace(text.substr(1, text.size() - 2));
  return {inside.data(), inside.size()};
}

// A column that is set, and its name as a JSON key.
struct Printed {
  std::string key{};
  const Column* column = nullptr;
};

std::vector<Printed> PrintedColumns(const RowBatch& batch) {
  std::vector<Printed> printed;
  for (const FieldSpec& field : batch.schema().fields) {
    const Column* column = batch.column(field.name);
    if (column == nullptr) continue;
    Printed& added = printed.emplace_back();
    AppendJsonString(field.name, &added.key);
    added.key.push_back(':');
    added.column = column;
  }
  return printed;
}

void AppendRow(const std::vector<Printed>& columns, const Column* dynamic, size_t row,
               std::string* out) {
  out->push_back('{');
  bool first = true;
  for (const Printed& printed : columns) {
    if (!first) out->push_back(',');
    first = false;
    out->append(printed.key);
    AppendValue(*printed.column, row, out);
  }
  const std::string_view others =
      dynamic == nullptr ? std::string_view() : InsideBraces(dynamic->string(row));
  if (!others.empty()) {
    if (!first) out->push_back(',');
    out->append(others);
  }
  out->push_back('}');
}

}  // namespace

std::string RowBatch::ValueToJson(std::string_view field, size_t row) const {
  const Column* found = column(field);
  if (found == nullptr) return "null";
  std::string json;
  AppendValue(*found, row, &json);
  return json;
}

std::string RowBatch::ToJson() const {
  const std::vector<Printed> columns = PrintedColumns(*this);
  const Column* dynamic = column(kDynamicFieldName);
  const size_t rows = num_rows();
  std::string json = "[";
  for (size_t row = 0; row < rows; ++row) {
    if (row > 0) json.push_back(',');
    AppendRow(columns, dynamic, row, &json);
  }
  json.push_back(']');
  return json;
}

}  // namespace vecdb
