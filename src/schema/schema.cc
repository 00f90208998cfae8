#include "vecdb/schema.h"

#include <algorithm>
#include <unordered_set>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "base/utf8.h"
#include "schema/names.h"

namespace vecdb {
namespace {

using schema::Quoted;

bool IsSupported(DataType type) {
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kVarChar:
    case DataType::kJson:
    case DataType::kFloatVector:
      return true;
    default:
      return false;
  }
}

absl::Status CheckDescription(std::string_view of, std::string_view description) {
  if (description.size() > kMaxDescriptionBytes) {
    return absl::InvalidArgumentError(
        base::StrFormat("the description of %s has %d bytes; the limit is %d", of,
                        description.size(), kMaxDescriptionBytes));
  }
  if (!base::IsValidUtf8(description)) {
    return absl::InvalidArgumentError(
        base::StrFormat("the description of %s is not valid UTF-8", of));
  }
  return absl::OkStatus();
}

// Checks a member that only fields of type `owner` have: 1 to `max` there, 0 elsewhere.
absl::Status CheckSize(const FieldSpec& field, std::string_view member, int32_t value,
                       DataType owner, int32_t max) {
  if (field.type != owner) {
    if (value == 0) return absl::OkStatus();
    return absl::InvalidArgumentError(base::StrFormat(
        "field %s of type %s has %s %d; only %s fields have one", Quoted(field.name),
        DataTypeName(field.type), member, value, DataTypeName(owner)));
  }
  if (value >= 1 && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(base::StrFormat("field %s has %s %d; the range is 1 to %d",
                                                    Quoted(field.name), member, value, max));
}

absl::Status CheckKeyMembers(const FieldSpec& field) {
  const bool is_int64 = field.type == DataType::kInt64;
  if (field.primary_key && !is_int64 && field.type != DataType::kVarChar) {
    return absl::InvalidArgumentError(
        base::StrFormat("primary key %s is of type %s; it must be Int64 or VarChar",
                        Quoted(field.name), DataTypeName(field.type)));
  }
  if (field.auto_id && (!field.primary_key || !is_int64)) {
    return absl::InvalidArgumentError(base::StrFormat(
        "field %s has auto_id; only an Int64 primary key may have it", Quoted(field.name)));
  }
  return absl::OkStatus();
}

absl::Status CheckField(const FieldSpec& field) {
  VECDB_RETURN_IF_ERROR(schema::ValidateFieldName(field.name));
  if (!IsSupported(field.type)) {
    return absl::InvalidArgumentError(
        base::StrFormat("field %s has type %s, which is not supported", Quoted(field.name),
                        DataTypeName(field.type)));
  }
  VECDB_RETURN_IF_ERROR(CheckKeyMembers(field));
  VECDB_RETURN_IF_ERROR(CheckSize(field, "dim", field.dim, DataType::kFloatVector, kMaxDim));
  VECDB_RETURN_IF_ERROR(
      CheckSize(field, "max_length", field.max_length, DataType::kVarChar, kMaxVarCharBytes));
  return CheckDescription(base::StrFormat("field %s", Quoted(field.name)), field.description);
}

absl::Status CheckOnePrimaryKey(const std::vector<FieldSpec>& fields) {
  const FieldSpec* key = nullptr;
  for (const FieldSpec& field : fields) {
    if (!field.primary_key) continue;
    if (key != nullptr) {
      return absl::InvalidArgumentError(
          base::StrFormat("fields %s and %s are both primary keys; a schema has exactly one",
                          Quoted(key->name), Quoted(field.name)));
    }
    key = &field;
  }
  if (key != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError("no field is the primary key; a schema has exactly one");
}

absl::Status CheckVectorCount(const std::vector<FieldSpec>& fields) {
  const auto count =
      static_cast<size_t>(std::count_if(fields.begin(), fields.end(), [](const FieldSpec& field) {
        return field.type == DataType::kFloatVector;
      }));
  if (count >= 1 && count <= kMaxVectorFields) return absl::OkStatus();
  return absl::InvalidArgumentError(base::StrFormat(
      "the schema has %d vector fields; the range is 1 to %d", count, kMaxVectorFields));
}

absl::Status CheckNoNameTwice(const std::vector<FieldSpec>& fields) {
  std::unordered_set<std::string> names;
  for (const FieldSpec& field : fields) {
    if (names.insert(field.name).second) continue;
    return absl::InvalidArgumentError(
        base::StrFormat("two fields are named %s", Quoted(field.name)));
  }
  return absl::OkStatus();
}

}  // namespace

std::string DataTypeName(DataType type) {
  switch (type) {
    case DataType::kNone:
      return "None";
    case DataType::kBool:
      return "Bool";
    case DataType::kInt8:
      return "Int8";
    case DataType::kInt16:
      return "Int16";
    case DataType::kInt32:
      return "Int32";
    case DataType::kInt64:
      return "Int64";
    case DataType::kFloat:
      return "Float";
    case DataType::kDouble:
      return "Double";
    case DataType::kString:
      return "String";
    case DataType::kVarChar:
      return "VarChar";
    case DataType::kArray:
      return "Array";
    case DataType::kJson:
      return "Json";
    case DataType::kGeometry:
      return "Geometry";
    case DataType::kText:
      return "Text";
    case DataType::kTimestamptz:
      return "Timestamptz";
    case DataType::kBinaryVector:
      return "BinaryVector";
    case DataType::kFloatVector:
      return "FloatVector";
    case DataType::kFloat16Vector:
      return "Float16Vector";
    case DataType::kBFloat16Vector:
      return "BFloat16Vector";
    case DataType::kSparseFloatVector:
      return "SparseFloatVector";
    case DataType::kInt8Vector:
      return "Int8Vector";
  }
  return base::StrFormat("DataType(%d)", static_cast<int32_t>(type));
}

absl::Status Schema::Validate() const {
  if (fields.size() > kMaxFields) {
    return absl::InvalidArgumentError(
        base::StrFormat("the schema has %d fields; the limit is %d", fields.size(), kMaxFields));
  }
  for (const FieldSpec& field : fields) VECDB_RETURN_IF_ERROR(CheckField(field));
  VECDB_RETURN_IF_ERROR(CheckNoNameTwice(fields));
  VECDB_RETURN_IF_ERROR(CheckOnePrimaryKey(fields));
  VECDB_RETURN_IF_ERROR(CheckVectorCount(fields));
  return CheckDescription("the schema", description);
}

std::optional<size_t> Schema::FindField(std::string_view name) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return i;
  }
  return std::nullopt;
}

size_t Schema::primary_key_index() const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].primary_key) return i;
  }
  return 0;
}

}  // namespace vecdb
