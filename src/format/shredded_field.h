#ifndef VECDB_FORMAT_SHREDDED_FIELD_H_
#define VECDB_FORMAT_SHREDDED_FIELD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/schema.h"

namespace vecdb::format {

/// Field ids of hidden columns count from here; those of a schema are below.
inline constexpr int32_t kFirstHiddenFieldId = 1000;

/// Most paths into one Json column, and into all of a file, that have columns of their own.
inline constexpr size_t kMaxShreddedPaths = 64;
inline constexpr size_t kMaxFileShreddedPaths = 512;

/// Two hidden columns that hold what the rows have at one path into a Json column: `states` is an
/// Int8 whose values are those of filter::PathState, `values` a column of `type`.
struct ShreddedField {
  int32_t json_field_id = 0;
  std::vector<std::string> path{};  ///< keys of objects, 1 to 4
  DataType type = DataType::kNone;  ///< kBool, kInt64, kDouble or kVarChar
  int32_t states_field_id = 0;
  int32_t values_field_id = 0;

  friend bool operator==(const ShreddedField&, const ShreddedField&) = default;
};

/// The section that lists the fields of a file.
std::string EncodeShredded(std::span<const ShreddedField> fields);

/// Most bytes that EncodeShredded gives.
uint64_t MaxShreddedBytes();

/// Reads it back; nullopt when it is impossible: a type, an id or a path that cannot be, an id or a
/// path that comes twice.
std::optional<std::vector<ShreddedField>> DecodeShredded(std::string_view bytes);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_SHREDDED_FIELD_H_
