#ifndef VECDB_SCHEMA_SCHEMA_TESTING_H_
#define VECDB_SCHEMA_SCHEMA_TESTING_H_

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "support/status_testing.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::schema {

/// Whether `result` has this code and a message with all of `parts` in it.
template <typename Result>
::testing::AssertionResult IsError(const Result& result, absl::StatusCode code,
                                   std::initializer_list<std::string_view> parts) {
  const absl::Status& status = support::StatusOf(result);
  if (status.code() != code) return ::testing::AssertionFailure() << status;
  const std::string message(status.message());
  for (const std::string_view part : parts) {
    if (message.find(part) != std::string::npos) continue;
    return ::testing::AssertionFailure() << "no \"" << part << "\" in: " << message;
  }
  return ::testing::AssertionSuccess();
}

template <typename Result>
::testing::AssertionResult IsInvalid(const Result& result,
                                     std::initializer_list<std::string_view> parts) {
  return IsError(result, absl::StatusCode::kInvalidArgument, parts);
}

/// Int64 key "id", VarChar(8) "title", FloatVector(2) "embedding".
inline Schema DocsSchema() {
  return Schema{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                           {.name = "title", .type = DataType::kVarChar, .max_length = 8},
                           {.name = "embedding", .type = DataType::kFloatVector, .dim = 2}}};
}

/// One field of every type, each named after its type in lower case; "int64" is the key, vectors
/// have dim 2. Dynamic fields are on.
inline Schema EveryTypeSchema() {
  return Schema{.fields = {{.name = "int64", .type = DataType::kInt64, .primary_key = true},
                           {.name = "bool", .type = DataType::kBool},
                           {.name = "int8", .type = DataType::kInt8},
                           {.name = "int16", .type = DataType::kInt16},
                           {.name = "int32", .type = DataType::kInt32},
                           {.name = "float", .type = DataType::kFloat},
                           {.name = "double", .type = DataType::kDouble},
                           {.name = "varchar", .type = DataType::kVarChar, .max_length = 8},
                           {.name = "json", .type = DataType::kJson},
                           {.name = "vector", .type = DataType::kFloatVector, .dim = 2}},
                .enable_dynamic_field = true};
}

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_SCHEMA_TESTING_H_
