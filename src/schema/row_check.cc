#include "schema/row_check.h"

#include <cmath>
#include <optional>
#include <span>
#include <string_view>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "base/utf8.h"
#include "schema/finite.h"
#include "schema/json_value.h"
#include "schema/names.h"

namespace vecdb::schema {
namespace {

absl::Status ValueError(std::string_view field, size_t row, std::string_view reason) {
  return absl::InvalidArgumentError(
      base::StrFormat("row %d, field %s: %s", row, Quoted(field), reason));
}

absl::Status FieldError(std::string_view field, std::string_view reason) {
  return absl::InvalidArgumentError(base::StrFormat("field %s %s", Quoted(field), reason));
}

// Descriptions do not matter to rows.
bool SameField(const FieldSpec& a, const FieldSpec& b) {
  return a.name == b.name && a.type == b.type && a.primary_key == b.primary_key &&
         a.auto_id == b.auto_id && a.dim == b.dim && a.max_length == b.max_length;
}

absl::Status CheckSameSchema(const Schema& schema, const Schema& batch) {
  if (schema.fields.size() != batch.fields.size()) {
    return absl::InvalidArgumentError(
        base::StrFormat("the batch was made for a schema of %d fields; this one has %d",
                        batch.fields.size(), schema.fields.size()));
  }
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (SameField(schema.fields[i], batch.fields[i])) continue;
    return absl::InvalidArgumentError(base::StrFormat(
        "the batch was made for another schema: its field %s is not the field %s of this one",
        Quoted(batch.fields[i].name), Quoted(schema.fields[i].name)));
  }
  if (schema.enable_dynamic_field == batch.enable_dynamic_field) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the batch was made for another schema: enable_dynamic_field differs");
}

absl::Status CheckColumnsPresent(const RowBatch& batch, bool auto_keys_made) {
  for (const FieldSpec& field : batch.schema().fields) {
    const bool wanted = !field.auto_id || auto_keys_made;
    const bool present = batch.column(field.name) != nullptr;
    if (wanted && !present) return FieldError(field.name, "is missing");
    if (!wanted && present) {
      return FieldError(field.name, "has auto_id: rows must come without it");
    }
  }
  return absl::OkStatus();
}

// A column that is there, with the name of its field.
struct NamedColumn {
  const FieldSpec* spec = nullptr;  // nullptr for `$meta`
  const Column* column = nullptr;

  std::string_view name() const { return spec == nullptr ? kDynamicFieldName : spec->name; }
};

std::vector<NamedColumn> PresentColumns(const RowBatch& batch) {
  std::vector<NamedColumn> present;
  for (const FieldSpec& field : batch.schema().fields) {
    const Column* column = batch.column(field.name);
    if (column != nullptr) present.push_back({.spec = &field, .column = column});
  }
  const Column* dynamic = batch.column(kDynamicFieldName);
  if (dynamic != nullptr) present.push_back({.column = dynamic});
  return present;
}

absl::Status CheckRowCounts(const std::vector<NamedColumn>& columns) {
  const absl::Status none = absl::InvalidArgumentError("the batch has no rows");
  if (columns.empty()) return none;
  const NamedColumn& first = columns.front();
  for (const NamedColumn& other : columns) {
    if (other.column->num_rows() == first.column->num_rows()) continue;
    return absl::InvalidArgumentError(
        base::StrFormat("field %s has %d rows and field %s has %d", Quoted(first.name()),
                        first.column->num_rows(), Quoted(other.name()), other.column->num_rows()));
  }
  return first.column->num_rows() > 0 ? absl::OkStatus() : none;
}

absl::Status CheckBools(std::string_view field, const Column& column) {
  const std::span<const uint8_t> values = column.bools();
  for (size_t row = 0; row < values.size(); ++row) {
    if (values[row] <= 1) continue;
    return ValueError(field, row, base::StrFormat("%d is no Bool; it is 0 or 1", values[row]));
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status CheckNumbers(std::string_view field, std::span<const T> values) {
  const std::optional<size_t> row = FindNonFinite(values);
  if (!row) return absl::OkStatus();
  return ValueError(field, *row, std::isnan(values[*row]) ? "NaN" : "Inf");
}

absl::Status CheckVectors(std::string_view field, const Column& column) {
  const std::span<const float> values = column.vectors();
  const std::optional<size_t> found = FindNonFinite(values);
  if (!found) return absl::OkStatus();
  const auto dim = static_cast<size_t>(column.dim());
  return ValueError(field, *found / dim,
                    base::StrFormat("number %d of the vector is %s", *found % dim,
                                    std::isnan(values[*found]) ? "NaN" : "Inf"));
}

absl::Status CheckVarChars(const FieldSpec& spec, const Column& column) {
  const auto limit = static_cast<size_t>(spec.max_length);
  for (size_t row = 0; row < column.num_rows(); ++row) {
    const std::string_view value = column.string(row);
    if (value.size() > limit) {
      return ValueError(
          spec.name, row,
          base::StrFormat("a value of %d bytes; max_length is %d", value.size(), limit));
    }
    if (!base::IsValidUtf8(value))
      return ValueError(spec.name, row, "the value is not valid UTF-8");
  }
  return absl::OkStatus();
}

absl::Status CheckJsons(const Schema& schema, const NamedColumn& named) {
  const bool dynamic = named.spec == nullptr;
  for (size_t row = 0; row < named.column->num_rows(); ++row) {
    const std::string_view text = named.column->string(row);
    const absl::Status checked = dynamic ? CheckDynamicValue(schema, text) : CheckJsonValue(text);
    if (!checked.ok()) {
      return ValueError(named.name(), row, base::StrFormat("%s", checked.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckValues(const Schema& schema, const NamedColumn& named) {
  const Column& column = *named.column;
  switch (column.type()) {
    case DataType::kBool:
      return CheckBools(named.name(), column);
    case DataType::kFloat:
      return CheckNumbers(named.name(), column.floats());
    case DataType::kDouble:
      return CheckNumbers(named.name(), column.doubles());
    case DataType::kVarChar:
      return CheckVarChars(*named.spec, column);
    case DataType::kJson:
      return CheckJsons(schema, named);
    case DataType::kFloatVector:
      return CheckVectors(named.name(), column);
    default:
      return absl::OkStatus();  // any bits are an integer
  }
}

uint64_t StringBytes(const Column& column) {
  if (column.type() != DataType::kVarChar && column.type() != DataType::kJson) return 0;
  uint64_t bytes = 0;
  for (size_t row = 0; row < column.num_rows(); ++row) bytes += column.string(row).size();
  return bytes;
}

uint64_t ColumnBytes(const Column& column) {
  return column.bools().size_bytes() + column.int8s().size_bytes() + column.int16s().size_bytes() +
         column.int32s().size_bytes() + column.int64s().size_bytes() +
         column.floats().size_bytes() + column.doubles().size_bytes() +
         column.vectors().size_bytes() + StringBytes(column);
}

}  // namespace

uint64_t PayloadBytes(const RowBatch& batch) {
  uint64_t bytes = 0;
  for (const NamedColumn& named : PresentColumns(batch)) bytes += ColumnBytes(*named.column);
  return bytes;
}

absl::Status ValidateRows(const Schema& schema, const RowBatch& batch,
                          const RowCheckOptions& options) {
  VECDB_RETURN_IF_ERROR(batch.status());
  VECDB_RETURN_IF_ERROR(CheckSameSchema(schema, batch.schema()));
  VECDB_RETURN_IF_ERROR(CheckColumnsPresent(batch, options.auto_keys_made));
  const std::vector<NamedColumn> columns = PresentColumns(batch);
  VECDB_RETURN_IF_ERROR(CheckRowCounts(columns));
  if (const uint64_t bytes = PayloadBytes(batch); bytes > options.max_bytes) {
    return absl::InvalidArgumentError(base::StrFormat(
        "the batch has %d bytes of values; the limit is %d", bytes, options.max_bytes));
  }
  for (const NamedColumn& named : columns) VECDB_RETURN_IF_ERROR(CheckValues(schema, named));
  return absl::OkStatus();
}

}  // namespace vecdb::schema
