#include "vecdb/row_filter.h"

#include <gtest/gtest.h>

#include "support/status_testing.h"

namespace vecdb {
namespace {

using support::CodeOf;

Schema TwoFields() {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "n", .type = DataType::kInt32},
                     {.name = "v", .type = DataType::kFloatVector, .dim = 2}},
          .enable_dynamic_field = true};
}

TEST(RowFilterTest, EveryFormResolvesToTheSameFilter) {
  const Schema schema = TwoFields();
  const Filter parsed = *Filter::Parse(schema, "n == 3");
  for (const RowFilter& filter :
       {RowFilter("n == 3"), RowFilter(std::string("n == 3")), RowFilter(std::string_view("n==3")),
        RowFilter("n == {x}", {{"x", 3}}), RowFilter(parsed),
        RowFilter(*Filter::Parse(schema, "n == {x}")->Bind({{"x", 3}}))}) {
    const auto resolved = filter.Resolve(schema);
    ASSERT_OK(resolved);
    EXPECT_EQ(resolved->ToString(), "n == 3");
    EXPECT_EQ(filter.callback(), nullptr);
  }
  EXPECT_EQ(RowFilter().Resolve(schema)->condition(), nullptr);
  EXPECT_EQ(RowFilter("").Resolve(schema)->condition(), nullptr);
}

TEST(RowFilterTest, ParametersMustFit) {
  const Schema schema = TwoFields();
  EXPECT_EQ(CodeOf(RowFilter("n == {x}").Resolve(schema)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(RowFilter("n == {x}", {{"x", "text"}}).Resolve(schema)),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(RowFilter("n == 1", {{"x", 1}}).Resolve(schema)),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(RowFilter(*Filter::Parse(schema, "n == {x}")).Resolve(schema)),
            absl::StatusCode::kInvalidArgument);
}

TEST(RowFilterTest, AFilterOfAnotherSchemaIsRefusedWhereverItNamesAField) {
  Schema other = TwoFields();
  other.fields[1].type = DataType::kInt16;
  Schema strict = TwoFields();
  strict.enable_dynamic_field = false;
  for (const char* text : {"n == 1", "n > id", "id > n", "id == 1 or not (n + 1 < 5)", "x == 1"}) {
    const Filter filter = *Filter::Parse(TwoFields(), text);
    EXPECT_OK(RowFilter(filter).Resolve(TwoFields()));
    const Schema& unlike = std::string_view(text) == "x == 1" ? strict : other;
    EXPECT_EQ(CodeOf(RowFilter(filter).Resolve(unlike)), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(RowFilterTest, ACallbackResolvesToEveryRow) {
  const auto custom =
      RowFilter::Custom([](const FilteredRows&, std::span<uint64_t>) { return absl::OkStatus(); });
  EXPECT_NE(custom.callback(), nullptr);
  EXPECT_EQ(custom.Resolve(TwoFields())->condition(), nullptr);
}

}  // namespace
}  // namespace vecdb
