#include "vecdb/row_batch.h"

#include <algorithm>
#include <optional>

#include "base/str_format.h"
#include "schema/names.h"

namespace vecdb {
namespace {

using schema::Quoted;

template <typename String>
Column::Strings CopyStrings(std::span<const String> values) {
  Column::Strings strings;
  size_t total = 0;
  for (const String& value : values) total += value.size();
  strings.bytes.reserve(total);
  strings.ends.reserve(values.size());
  for (const String& value : values) {
    strings.bytes.append(value);
    strings.ends.push_back(strings.bytes.size());
  }
  return strings;
}

template <typename T>
std::vector<T> CopyNumbers(std::span<const T> values) {
  return {values.begin(), values.end()};
}

// Where the column of `field` lies and what it must be.
struct Place {
  size_t column = 0;
  DataType type = DataType::kNone;
  int32_t dim = 0;
};

std::optional<Place> FindPlace(const Schema& schema, std::string_view field) {
  if (field == kDynamicFieldName && schema.enable_dynamic_field) {
    return Place{.column = schema.fields.size(), .type = DataType::kJson};
  }
  const std::optional<size_t> found = schema.FindField(field);
  if (!found) return std::nullopt;
  const FieldSpec& spec = schema.fields[*found];
  return Place{.column = *found, .type = spec.type, .dim = spec.dim};
}

// What is wrong with setting a column of this type, dim and shape.
absl::Status CheckColumn(std::string_view field, const std::optional<Place>& place,
                         const Column& column) {
  if (!place) {
    return absl::InvalidArgumentError(base::StrFormat("the schema has no field %s", Quoted(field)));
  }
  if (column.type() != place->type) {
    return absl::InvalidArgumentError(
        base::StrFormat("field %s is of type %s; the values are of type %s", Quoted(field),
                        DataTypeName(place->type), DataTypeName(column.type())));
  }
  if (column.type() == DataType::kFloatVector && column.dim() != place->dim) {
    return absl::InvalidArgumentError(base::StrFormat("field %s has dim %d; the values have dim %d",
                                                      Quoted(field), place->dim, column.dim()));
  }
  if (column.well_formed()) return absl::OkStatus();
  if (column.type() == DataType::kFloatVector) {
    return absl::InvalidArgumentError(
        base::StrFormat("field %s got %d floats, which is no multiple of its dim %d", Quoted(field),
                        column.vectors().size(), place->dim));
  }
  return absl::InvalidArgumentError(base::StrFormat(
      "the column for field %s of type %s is malformed", Quoted(field), DataTypeName(place->type)));
}

}  // namespace

RowBatch::RowBatch(const Schema& schema) : RowBatch(std::make_shared<const Schema>(schema)) {}

RowBatch::RowBatch(std::shared_ptr<const Schema> schema)
    : schema_(std::move(schema)),
      columns_(schema_->fields.size() + (schema_->enable_dynamic_field ? 1 : 0)) {}

RowBatch& RowBatch::Set(std::string_view field, DataType type, Column::Values values) {
  const std::optional<Place> place = FindPlace(*schema_, field);
  return SetColumn(field, Column(type, place ? place->dim : 0, std::move(values)));
}

RowBatch& RowBatch::SetColumn(std::string_view field, Column column) {
  const std::optional<Place> place = FindPlace(*schema_, field);
  if (absl::Status checked = CheckColumn(field, place, column); !checked.ok()) {
    if (status_.ok()) status_ = std::move(checked);
    return *this;
  }
  columns_[place->column] = std::move(column);
  return *this;
}

RowBatch& RowBatch::SetBool(std::string_view field, std::span<const bool> values) {
  return Set(field, DataType::kBool, std::vector<uint8_t>(values.begin(), values.end()));
}
RowBatch& RowBatch::SetInt8(std::string_view field, std::span<const int8_t> values) {
  return Set(field, DataType::kInt8, CopyNumbers(values));
}
RowBatch& RowBatch::SetInt16(std::string_view field, std::span<const int16_t> values) {
  return Set(field, DataType::kInt16, CopyNumbers(values));
}
RowBatch& RowBatch::SetInt32(std::string_view field, std::span<const int32_t> values) {
  return Set(field, DataType::kInt32, CopyNumbers(values));
}
RowBatch& RowBatch::SetInt64(std::string_view field, std::span<const int64_t> values) {
  return Set(field, DataType::kInt64, CopyNumbers(values));
}
RowBatch& RowBatch::SetFloat(std::string_view field, std::span<const float> values) {
  return Set(field, DataType::kFloat, CopyNumbers(values));
}
RowBatch& RowBatch::SetDouble(std::string_view field, std::span<const double> values) {
  return Set(field, DataType::kDouble, CopyNumbers(values));
}

RowBatch& RowBatch::SetVarChar(std::string_view field, std::span<const std::string> values) {
  return Set(field, DataType::kVarChar, CopyStrings(values));
}
RowBatch& RowBatch::SetVarChar(std::string_view field, std::span<const std::string_view> values) {
  return Set(field, DataType::kVarChar, CopyStrings(values));
}
RowBatch& RowBatch::SetJson(std::string_view field, std::span<const std::string> values) {
  return Set(field, DataType::kJson, CopyStrings(values));
}

RowBatch& RowBatch::SetFloatVectors(std::string_view field, std::span<const float> values) {
  return Set(field, DataType::kFloatVector, Column::Vectors{.borrowed = values});
}
RowBatch& RowBatch::SetFloatVectors(std::string_view field, std::vector<float>&& values) {
  return Set(field, DataType::kFloatVector, Column::Vectors{.owned = std::move(values)});
}

size_t RowBatch::num_rows() const {
  size_t most = 0;
  for (const Column& column : columns_) most = std::max(most, column.num_rows());
  return most;
}

const Column* RowBatch::column(std::string_view field) const {
  const std::optional<Place> place = FindPlace(*schema_, field);
  if (!place || columns_[place->column].type() == DataType::kNone) return nullptr;
  return &columns_[place->column];
}

}  // namespace vecdb
