#include "filter/print.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filter/filter_testing.h"

namespace vecdb::filter {
namespace {

// Unlike a normal form, it keeps what was written; both texts parse to the same tree.
TEST(PrintTest, ExpressionIsPrintedAsItWasWritten) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a==1", "a == 1"},
      {"(a) == (1)", "a == 1"},
      {"not a", "not (a)"},
      {"a<b<=c", "a < b <= c"},
      {"c>=b>a", "a < b <= c"},
      {"a and (b or c) and d", "a and (b or c) and d"},
      {"(a and b) or (c and d)", "a and b or c and d"},
      {"a and (b and c)", "a and (b and c)"},
      {"a or (b or c)", "a or (b or c)"},
      {"a - (b - c) == 1", "a - (b - c) == 1"},
      {"(a - b) - c == 1", "a - b - c == 1"},
      {"a * (b + c) == 1", "a * (b + c) == 1"},
      {"(-a) ** 2 == 1", "(-a) ** 2 == 1"},
      {"(-2) ** a == 1", "(-2) ** a == 1"},
      {"a ** (b ** c) == 1", "a ** (b ** c) == 1"},
      {"(a + 1) in [1,2]", "a + 1 in [1, 2]"},
      {"a not in {p}", "a not in {p}"},
      {"(a + b) like {p}", "(a + b) like {p}"},
      {"exists a['b'][0]", "exists a[\"b\"][0]"},
      {"JSON_CONTAINS_ALL(a, [1.0])", "json_contains_all(a, [1.0])"},
      {"(a == 1) == (b == 2)", "(a == 1) == (b == 2)"},
  };
  for (const auto& [text, expected] : cases) {
    const auto expr = ParseFilter(text);
    ASSERT_OK(expr) << text;
    EXPECT_EQ(ExprText(*expr), expected);
    const auto again = ParseFilter(expected);
    ASSERT_OK(again) << expected;
    EXPECT_EQ(ExprText(*again), expected);
  }
}

TEST(PrintTest, ValuesReadBackAsTheyAre) {
  EXPECT_EQ(ValueText(true), "true");
  EXPECT_EQ(ValueText(-7), "-7");
  EXPECT_EQ(ValueText(1.0), "1.0");
  EXPECT_EQ(ValueText(0.1), "0.1");
  EXPECT_EQ(ValueText(1e300), "1e+300");
  EXPECT_EQ(ValueText("a\"b"), R"("a\"b")");
  EXPECT_EQ(ValueText(FilterValue::List{1, FilterValue::List{}, "x"}), R"([1, [], "x"])");
}

TEST(PrintTest, FloatsAreShort) {
  EXPECT_EQ(NodeText(NodeOf("f == 0.1")), "f == 0.1");
  EXPECT_EQ(NodeText(NodeOf("x == 0.1")), "x == 0.1");
  EXPECT_EQ(NodeText(NodeOf("f + 0 == 0.1")), "f + 0 == 0.1");
}

}  // namespace
}  // namespace vecdb::filter
