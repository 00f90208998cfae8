#include "vecdb/filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
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

// A size_t or a pointer that became a bool would mean other rows, and say nothing.
template <typename T>
constexpr bool kIsFilterValue =
    std::is_constructible_v<FilterValue, T>&& std::is_convertible_v<T, FilterValue>;
template <typename T>
constexpr bool kIsNoFilterValue =
    !std::is_constructible_v<FilterValue, T> && !std::is_convertible_v<T, FilterValue>;

enum FilterTestEnum : int { kFilterTestEnum };
enum class FilterTestEnumClass { kOne };

static_assert(kIsFilterValue<bool> && kIsFilterValue<char> && kIsFilterValue<int> &&
              kIsFilterValue<int64_t> && kIsFilterValue<long long> && kIsFilterValue<uint8_t> &&
              kIsFilterValue<uint32_t> && kIsFilterValue<float> && kIsFilterValue<double>);
static_assert(kIsFilterValue<const char*> && kIsFilterValue<char*> &&
              kIsFilterValue<const char (&)[3]> && kIsFilterValue<std::string> &&
              kIsFilterValue<std::string_view> && kIsFilterValue<FilterValue::List> &&
              kIsFilterValue<std::vector<int64_t>> && kIsFilterValue<std::vector<double>> &&
              kIsFilterValue<std::vector<std::string>>);
static_assert(kIsNoFilterValue<size_t> && kIsNoFilterValue<uint64_t> &&
              kIsNoFilterValue<unsigned long long> && kIsNoFilterValue<FilterTestEnum> &&
              kIsNoFilterValue<FilterTestEnumClass>);
static_assert(kIsNoFilterValue<int*> && kIsNoFilterValue<const void*> &&
              kIsNoFilterValue<const unsigned char*> && kIsNoFilterValue<std::nullptr_t> &&
              kIsNoFilterValue<void (*)()> && kIsNoFilterValue<int Schema::*>);

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

bool SaysLimit(const absl::Status& status, std::string_view limit) {
  const std::string message(status.message());
  return absl::IsInvalidArgument(status) && message.find(limit) != std::string::npos &&
         message.find("\n  ") != std::string::npos;  // and shows the line
}

TEST(FilterTest, ListValuesAreCountedThroughTheWholeFilter) {
  const auto filter = Filter::Parse(FilterSchema(), "id in {a} and f in {b} or id in [1, 2, 3]");
  ASSERT_OK(filter);
  const auto bind = [&filter](size_t a, size_t b) {
    return filter->Bind({{"a", std::vector<int64_t>(a, 7)}, {"b", std::vector<double>(b, 7)}})
        .status();
  };
  EXPECT_OK(bind(kMaxFilterListValues - 103, 100));
  EXPECT_TRUE(SaysLimit(bind(kMaxFilterListValues - 103, 101), "1000000 values"));
  const auto twice = Filter::Parse(FilterSchema(), "id in {a} or id not in {a}");
  const FilterParameters more = {{"a", std::vector<int64_t>(kMaxFilterListValues / 2 + 1, 7)}};
  EXPECT_TRUE(SaysLimit(twice->Bind(more).status(), "1000000 values"));
}

TEST(FilterTest, ValuesOfListsWithinListsCount) {
  Schema schema = FilterSchema();
  schema.fields.push_back({.name = "j", .type = DataType::kJson});
  const auto filter = Filter::Parse(schema, "json_contains(j, {p})");
  ASSERT_OK(filter);
  const auto bind = [&filter](size_t inner) {
    return filter->Bind({{"p", FilterValue::List{1, std::vector<int64_t>(inner, 7)}}}).status();
  };
  EXPECT_OK(bind(kMaxFilterListValues - 2));
  EXPECT_TRUE(SaysLimit(bind(kMaxFilterListValues - 1), "1000000 values"));
}

TEST(FilterTest, ListsWithinTheListOfAContainsHaveALimit) {
  Schema schema = FilterSchema();
  schema.fields.push_back({.name = "j", .type = DataType::kJson});
  for (const std::string function : {"json_contains_any", "json_contains_all"}) {
    const auto filter = Filter::Parse(schema, function + "(j, {p})");
    ASSERT_OK(filter);
    const auto bind = [&filter](size_t lists) {
      FilterValue::List values(lists, FilterValue::List{1});
      values.insert(values.begin(), 5'000, 1);  // which cost nothing
      return filter->Bind({{"p", values}}).status();
    };
    EXPECT_OK(bind(kMaxFilterNestedLists));
    EXPECT_TRUE(SaysLimit(bind(kMaxFilterNestedLists + 1),
                          "1001 lists within the list; " + function + " takes at most 1000"));
  }
  const auto one = Filter::Parse(schema, "json_contains(j, {p})");
  EXPECT_OK(one->Bind({{"p", FilterValue::List(5'000, FilterValue::List{1})}}));
}

TEST(FilterTest, UnderscoresOfAPatternWithPercentHaveALimit) {
  const auto parse = [](const std::string& pattern) {
    return Filter::Parse(FilterSchema(), "name like \"" + pattern + "\"").status();
  };
  std::string most;
  for (size_t i = 0; i < kMaxFilterLikeUnderscores; ++i) most += "_a";
  EXPECT_OK(parse("%" + most + "b%"));
  EXPECT_OK(parse(most + "b%"));
  EXPECT_OK(parse(most + "_"));
  EXPECT_OK(parse("%" + most + R"(\_%)"));
  for (const char* end : {"_%", "%_"}) {
    EXPECT_TRUE(SaysLimit(parse("%" + most + end), "% and 1001 _; with % at most 1000")) << end;
  }
  const auto bound = Filter::Parse(FilterSchema(), "name like {p}")->Bind({{"p", "%_" + most}});
  EXPECT_TRUE(SaysLimit(bound.status(), "at most 1000"));
}

TEST(FilterTest, LongConstantsAreNotComparedWithPatternsThatTakeLong) {
  const auto filter = Filter::Parse(FilterSchema(), "{t} like {p} or {t} like {p}");
  ASSERT_OK(filter);
  std::string pattern = "%";
  for (int i = 0; i < 900; ++i) pattern += "a_";
  const auto bind = [&](size_t bytes, const std::string& end) {
    return filter->Bind({{"t", std::string(bytes, 'a')}, {"p", pattern + end}}).status();
  };
  EXPECT_OK(bind(5'000, "b%"));
  EXPECT_TRUE(SaysLimit(bind(size_t{1} << 20, "b%"), "a constant of 1048576 bytes"));
  EXPECT_OK(filter->Bind({{"t", std::string(size_t{1} << 20, 'a')}, {"p", "%a%b%"}}));
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
