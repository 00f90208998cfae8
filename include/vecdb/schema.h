#ifndef VECDB_SCHEMA_H_
#define VECDB_SCHEMA_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace vecdb {

/// Types of a field. The numbers are those of Milvus and of the files; they never change.
/// The reserved ones are refused by Schema::Validate.
enum class DataType : int32_t {
  kNone = 0,
  kBool = 1,
  kInt8 = 2,
  kInt16 = 3,
  kInt32 = 4,
  kInt64 = 5,
  kFloat = 10,
  kDouble = 11,
  kString = 20,  // reserved
  kVarChar = 21,
  kArray = 22,  // reserved
  kJson = 23,
  kGeometry = 24,       // reserved
  kText = 25,           // reserved
  kTimestamptz = 26,    // reserved
  kBinaryVector = 100,  // reserved
  kFloatVector = 101,
  kFloat16Vector = 102,      // reserved
  kBFloat16Vector = 103,     // reserved
  kSparseFloatVector = 104,  // reserved
  kInt8Vector = 105,         // reserved
};

/// "Int64", "VarChar", ...; "DataType(n)" for a number that is none.
std::string DataTypeName(DataType type);

/// The limits that schemas and rows are held to.
inline constexpr size_t kMaxNameBytes = 255;
inline constexpr size_t kMaxFields = 64;
inline constexpr size_t kMaxVectorFields = 10;
inline constexpr int32_t kMaxDim = 32768;
inline constexpr int32_t kMaxVarCharBytes = 65535;
inline constexpr size_t kMaxJsonBytes = 65536;
inline constexpr size_t kMaxDescriptionBytes = 65535;

/// Field ids count from here in the order of declaration; lower ones are the library's own.
inline constexpr int32_t kFirstFieldId = 100;

/// The hidden JSON field that holds undeclared keys when `enable_dynamic_field` is set.
inline constexpr std::string_view kDynamicFieldName = "$meta";

/// One column of a collection.
struct FieldSpec {
  /// 1 to 255 bytes: a letter or '_', then letters, digits and '_'.
  std::string name{};
  DataType type = DataType::kNone;
  /// Exactly one field of a schema, Int64 or VarChar, is the primary key.
  bool primary_key = false;
  /// The library makes the keys (Int64 only); rows must then come without them.
  bool auto_id = false;
  /// Numbers per vector, 1 to 32768; FloatVector only.
  int32_t dim = 0;
  /// Longest value in bytes, 1 to 65535; VarChar only.
  int32_t max_length = 0;
  std::string description{};

  friend bool operator==(const FieldSpec&, const FieldSpec&) = default;
};

/// The columns of a collection. A value; nothing in it is checked before Validate.
///
///     Schema schema{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
///                              {.name = "embedding", .type = DataType::kFloatVector, .dim =
///                              768}}};
struct Schema {
  std::string description{};
  std::vector<FieldSpec> fields{};
  /// Accept keys that no field declares; they are kept together in the JSON field `$meta`.
  bool enable_dynamic_field = false;

  /// InvalidArgument, naming field, value and limit, unless this can be the schema of a collection:
  /// one primary key, 1 to 10 vector fields, at most 64 fields, each as FieldSpec says, no name
  /// twice.
  absl::Status Validate() const;

  /// Position of a field in `fields`; nullopt when there is none of that name.
  std::optional<size_t> FindField(std::string_view name) const;

  /// Position of the primary key. Only for schemas that are valid.
  size_t primary_key_index() const;

  friend bool operator==(const Schema&, const Schema&) = default;
};

}  // namespace vecdb

#endif  // VECDB_SCHEMA_H_
