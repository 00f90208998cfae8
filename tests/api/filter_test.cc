#include "vecdb/filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "support/status_testing.h"

namespace vecdb::support {
namespace {

Schema FilterSchema() {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "v", .type = DataType::kFloatVector, .dim = 2},
                     {.name = "name", .type = DataType::kVarChar, .max_length = 64},
                     {.name = "f", .type = DataType::kDouble}}};
}

TEST(FilterTest, EmptyTextMatchesEveryRow) {
  for (const char* text : {"", "  \t\n"}) {
    const auto filter = Filter::Parse(FilterSchema(), text);
    ASSERT_OK(filter);
    EXPECT_EQ(filter->ToString(), "");
    EXPECT_TRUE(filter->parameters().empty());
    EXPECT_OK(filter->Bind({}));
    EXPECT_EQ(CodeOf(filter->Bind({{"x", 1}})), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(Filter().ToString(), "");
}

TEST(FilterTest, SchemaMustBeValid) {
  EXPECT_EQ(CodeOf(Filter::Parse(Schema{}, "id == 1")), absl::StatusCode::kInvalidArgument);
}

TEST(FilterTest, ValuesOfEveryKindAreParameters) {
  const auto filter = Filter::Parse(FilterSchema(), "id == {v}");
  ASSERT_OK(filter);
  EXPECT_EQ(filter->parameters(), std::vector<std::string>{"v"});
  EXPECT_EQ(filter->Bind({{"v", 5}})->ToString(), "id == 5");
  EXPECT_EQ(filter->Bind({{"v", int64_t{6}}})->ToString(), "id == 6");
  EXPECT_EQ(filter->Bind({{"v", uint32_t{7}}})->ToString(), "id == 7");
  EXPECT_EQ(filter->Bind({{"v", 8.0}})->ToString(), "id == 8");
  EXPECT_EQ(filter->Bind({{"v", 8.5F}})->ToString(), "false");
  for (const FilterValue& wrong : std::vector<FilterValue>{
           true, "text", std::string("text"), std::string_view("text"), FilterValue::List{1},
           std::numeric_limits<double>::infinity(), std::nan("")}) {
    EXPECT_EQ(CodeOf(filter->Bind({{"v", wrong}})), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(CodeOf(filter->Bind({})), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(filter->Bind({{"v", 1}, {"w", 2}})), absl::StatusCode::kInvalidArgument);
}

TEST(FilterTest, StringsAndListsAreParameters) {
  const auto filter =
      Filter::Parse(FilterSchema(), "name in {names} or f in {values} or id in {ids}");
  ASSERT_OK(filter);
  const auto bound = filter->Bind({{"names", std::vector<std::string>{"b", "a\"b"}},
                                   {"values", std::vector<double>{2.5, 1}},
                                   {"ids", std::vector<int64_t>{3, 5}}});
  ASSERT_OK(bound);
  EXPECT_EQ(bound->ToString(), R"(f in [1, 2.5] or id in [3, 5] or name in ["a\"b", "b"])");
  const auto like = Filter::Parse(FilterSchema(), "name like {p}");
  EXPECT_EQ(like->Bind({{"p", "%x_"}})->ToString(), R"(name like "%x_")");
  EXPECT_EQ(CodeOf(like->Bind({{"p", "\xff"}})), absl::StatusCode::kInvalidArgument);
}

TEST(FilterTest, ParametersHaveTheLimitsOfText) {
  const auto filter = Filter::Parse(FilterSchema(), "id in {ids}");
  const auto bind = [&filter](size_t values) {
    return CodeOf(filter->Bind({{"ids", std::vector<int64_t>(values, 7)}}));
  };
  EXPECT_EQ(bind(kMaxFilterListValues), absl::StatusCode::kOk);
  EXPECT_EQ(bind(kMaxFilterListValues + 1), absl::StatusCode::kInvalidArgument);
}

TEST(FilterTest, OneFilterServesManyThreads) {
  const auto filter = Filter::Parse(FilterSchema(), "id > {low} and name like \"a%\"");
  ASSERT_OK(filter);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&filter, i] {
      for (int n = 0; n < 100; ++n) {
        const Filter copy = *filter;
        const auto bound = copy.Bind({{"low", i}});
        ASSERT_OK(bound);
        EXPECT_EQ(bound->ToString(), R"("a" <= name < "b" and id >= )" + std::to_string(i + 1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(FilterTest, LongListsAreBoundInLinearTime) {
  std::vector<int64_t> keys(100'000);
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<int64_t>(i * 7919 % 1'000'003);
  const auto filter = Filter::Parse(FilterSchema(), "id in {keys} and id not in {keys}");
  EXPECT_EQ(filter->Bind({{"keys", keys}})->ToString(), "false");
  std::string text = "id != 1";
  for (int i = 2; i <= 20'000; ++i) text += " and id != " + std::to_string(2 * i);
  ASSERT_OK(Filter::Parse(FilterSchema(), text));
}

// Each took seconds to hours before: the text times the pattern, the name times the fields.
TEST(FilterTest, LongTextsAndNamesCostTheirLength) {
  const std::string as(size_t{1} << 20, 'a');
  const Schema schema = FilterSchema();
  EXPECT_EQ(Filter::Parse(schema, absl::StrCat("\"", as, "\" like \"%", as, "b\""))->ToString(),
            "false");
  EXPECT_EQ(Filter::Parse(schema, absl::StrCat("\"", as, "\" like \"%", as, "b%\""))->ToString(),
            "false");
  const auto unknown = Filter::Parse(schema, absl::StrCat(as, " == 1"));
  EXPECT_EQ(CodeOf(unknown), absl::StatusCode::kInvalidArgument);
  EXPECT_LT(unknown.status().message().size(), 1000u);
}

}  // namespace
}  // namespace vecdb::support
