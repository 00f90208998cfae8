#ifndef VECDB_TESTS_FILTER_FILTER_TESTING_H_
#define VECDB_TESTS_FILTER_FILTER_TESTING_H_

#include <string>

#include "filter/build.h"
#include "filter/parse.h"
#include "support/status_testing.h"
#include "vecdb/schema.h"

namespace vecdb::filter {

/// Fields of every type; `a` to `c` are Int64.
inline Schema FilterSchema() {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "v", .type = DataType::kFloatVector, .dim = 2},
                     {.name = "a", .type = DataType::kInt64},
                     {.name = "b", .type = DataType::kInt64},
                     {.name = "c", .type = DataType::kInt64},
                     {.name = "tiny", .type = DataType::kInt8},
                     {.name = "f", .type = DataType::kFloat},
                     {.name = "x", .type = DataType::kDouble},
                     {.name = "flag", .type = DataType::kBool},
                     {.name = "s", .type = DataType::kVarChar, .max_length = 64},
                     {.name = "j", .type = DataType::kJson}},
          .enable_dynamic_field = true};
}

/// The condition that `text` means.
inline Node NodeOf(const std::string& text) {
  const auto expr = ParseFilter(text);
  EXPECT_OK(expr) << text;
  if (!expr.ok()) return {};
  auto node = BuildNode(*expr, text, FilterSchema(), nullptr);
  EXPECT_OK(node) << text;
  return node.ok() ? *std::move(node) : Node{};
}

}  // namespace vecdb::filter

#endif  // VECDB_TESTS_FILTER_FILTER_TESTING_H_
