#include "schema/index_field.h"

#include <variant>

#include "base/str_format.h"

namespace vecdb::schema {
namespace {

absl::Status Mismatch(const FieldSpec& field, const IndexSpec& spec, const char* why) {
  return absl::InvalidArgumentError(base::StrFormat(
      "field \"%s\" is %s; %s %s", field.name, DataTypeName(field.type), spec.type_name(), why));
}

}  // namespace

absl::Status CheckIndexField(const FieldSpec& field, const IndexSpec& spec) {
  if (!spec.is_scalar()) {
    if (field.type == DataType::kFloatVector) return spec.Validate(field.dim);
    return Mismatch(field, spec, "is an index of FloatVector fields; scalar ones have INVERTED");
  }
  if (field.type == DataType::kFloatVector) {
    return Mismatch(field, spec,
                    "is an index of scalar fields; vectors have FLAT, HNSW, IVF_FLAT, IVF_SQ8, "
                    "IVF_PQ or DISKANN");
  }
  if (field.type == DataType::kJson) {
    return Mismatch(field, spec, "is an index of Bool, integer, Float, Double and VarChar fields");
  }
  if (field.type == DataType::kBool && std::holds_alternative<SortedParams>(spec.params)) {
    return Mismatch(field, spec, "is for ranges, and two values have none; use INVERTED");
  }
  return absl::OkStatus();
}

}  // namespace vecdb::schema
