#include "filter/term_builder.h"

#include <gtest/gtest.h>

#include <string>

#include "filter/filter_testing.h"

namespace vecdb::filter {
namespace {

// The left side of `text`, a comparison.
absl::StatusOr<Term> LeftOf(const std::string& text, const FilterParameters& parameters = {}) {
  const auto expr = ParseFilter(text);
  EXPECT_OK(expr) << text;
  const Schema schema = FilterSchema();
  return TermBuilder(text, schema, &parameters).Build(expr->children[0]);
}

TEST(TermBuilderTest, NamesBecomeColumns) {
  const auto field = LeftOf("b == 1");
  ASSERT_OK(field);
  EXPECT_EQ(field->kind, Term::Kind::kField);
  EXPECT_EQ(field->column, 3u);
  EXPECT_EQ(field->type, DataType::kInt64);
  const auto json = LeftOf("j[\"k\"][2] == 1");
  ASSERT_OK(json);
  EXPECT_EQ(json->kind, Term::Kind::kJson);
  EXPECT_EQ(json->column, 10u);
  EXPECT_EQ(json->steps, (std::vector<PathStep>{"k", int64_t{2}}));
}

TEST(TermBuilderTest, UndeclaredNamesAreKeysOfTheDynamicField) {
  for (const char* text : {"color[0] == 1", "$meta[\"color\"][0] == 1"}) {
    const auto term = LeftOf(text);
    ASSERT_OK(term);
    EXPECT_EQ(term->column, FilterSchema().fields.size());
    EXPECT_EQ(term->name, "$meta");
    EXPECT_EQ(term->steps, (std::vector<PathStep>{"color", int64_t{0}}));
  }
}

TEST(TermBuilderTest, ConstantsArePutTogether) {
  const auto sum = LeftOf("1 + 2 * 3 == a");
  ASSERT_OK(sum);
  EXPECT_EQ(sum->kind, Term::Kind::kConstant);
  EXPECT_EQ(sum->value, FilterValue(7));
  EXPECT_EQ(LeftOf("7 / 2.0 == a")->value, FilterValue(3.5));
  EXPECT_EQ(LeftOf("-(2 ** 3) == a")->value, FilterValue(-8.0));
  EXPECT_EQ(LeftOf("1 / 0 == a")->kind, Term::Kind::kNever);
  EXPECT_EQ(LeftOf("a + 1 / 0 == a")->kind, Term::Kind::kNever);
  EXPECT_EQ(LeftOf("{p} + 1 == a", {{"p", 4}})->value, FilterValue(5));
}

TEST(TermBuilderTest, ArithmeticHasTheKindOfItsOperands) {
  EXPECT_EQ(LeftOf("a + 1 == 1")->values, ValueKind::kInteger);
  EXPECT_EQ(LeftOf("a + 1.0 == 1")->values, ValueKind::kReal);
  EXPECT_EQ(LeftOf("a ** 2 == 1")->values, ValueKind::kReal);
  EXPECT_EQ(LeftOf("a + j[0] == 1")->values, ValueKind::kJson);
  EXPECT_EQ(LeftOf("-f == 1")->values, ValueKind::kReal);
}

TEST(TermBuilderTest, TermsAreDescribedForMessages) {
  EXPECT_EQ(Describe(*LeftOf("a == 1")), "Int64 field \"a\"");
  EXPECT_EQ(Describe(*LeftOf("color == 1")), "$meta[\"color\"]");
  EXPECT_EQ(Describe(*LeftOf("\"x\" == s")), "\"x\"");
  EXPECT_EQ(Describe(*LeftOf("a + 1 == 1")), "arithmetic");
  Term text;
  text.values = ValueKind::kString;
  text.value = std::string(100, 'x');
  EXPECT_EQ(Describe(text), "a string");
}

}  // namespace
}  // namespace vecdb::filter
