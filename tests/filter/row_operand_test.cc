#include "filter/row_operand.h"

#include <gtest/gtest.h>

#include <string>

#include "filter/evaluate_testing.h"

namespace vecdb::filter {
namespace {

using schema::JsonScalar;
using Kind = JsonScalar::Kind;

naive::Json JsonOf(const JsonScalar& value) {
  switch (value.kind) {
    case Kind::kBool:
      return value.boolean;
    case Kind::kInteger:
      return value.integer;
    case Kind::kReal:
      return value.real;
    case Kind::kString:
      return std::string(value.text);
    default:
      return naive::Json(naive::Json::value_t::discarded);
  }
}

TEST(RowOperandTest, TermsAreWorthWhatTheNaiveEvaluatorSays) {
  const std::vector<naive::Row> rows = RandomRows(400, 5);
  const MemorySource source(naive::RandomFilterSchema(), rows, {.constants = true}, 1);
  const Context context;
  BlockReader reader(source, context);
  ASSERT_OK(reader.MoveTo(0));
  for (const std::string text :
       {"x", "j[\"a\"]", "j[\"a\"][1][\"a\"]", "x + 1", "x ** j[\"b\"]", "-x", "x / i8", "x % y",
        "i64 + i8", "f", "d", "i8", "-(x * 2.5)"}) {
    const Term term = RandomSchemaNode(text + " == 1").term;
    RowTerm evaluated(term);
    ASSERT_OK(evaluated.Read(reader));
    for (size_t row = 0; row < rows.size(); ++row) {
      const naive::Operand expected = naive::ValueOf(term, rows[row]);
      const RowOperand operand = evaluated.ValueAt(row);
      ASSERT_EQ(operand.failed, expected.failed) << text;
      ASSERT_EQ(operand.value.kind == Kind::kMissing, expected.value.is_discarded()) << text;
      if (!expected.value.is_discarded()) {
        ASSERT_EQ(JsonOf(operand.value), expected.value) << text << " row " << row;
      }
    }
  }
}

TEST(RowOperandTest, FieldsOfOtherKindsAndConstantsHaveValuesToo) {
  const std::vector<naive::Row> rows = RandomRows(10, 5);
  const MemorySource source(naive::RandomFilterSchema(), rows, {}, 1);
  const Context context;
  BlockReader reader(source, context);
  ASSERT_OK(reader.MoveTo(0));
  for (const std::string text : {"v == \"a\"", "b"}) {
    const Term term = RandomSchemaNode(text).term;
    RowTerm evaluated(term);
    ASSERT_OK(evaluated.Read(reader));
    EXPECT_EQ(evaluated.BytesAt(0), 0u);
    EXPECT_EQ(JsonOf(evaluated.ValueAt(3).value), rows[3].at(term.name));
  }
  Term constant;
  for (const FilterValue& value : {FilterValue(true), FilterValue(7), FilterValue("a")}) {
    constant.value = value;
    EXPECT_EQ(JsonOf(RowTerm(constant).ValueAt(0).value), naive::JsonOf(value));
  }
  constant.kind = Term::Kind::kNever;
  EXPECT_TRUE(RowTerm(constant).ValueAt(0).failed);
}

TEST(RowOperandTest, ValuesOfDifferentKindsDifferAndHaveNoOrder) {
  const std::vector<JsonScalar> values = {{},
                                          {.kind = Kind::kBool, .boolean = false},
                                          {.kind = Kind::kBool, .boolean = true},
                                          {.kind = Kind::kInteger, .integer = 1},
                                          {.kind = Kind::kInteger, .integer = 9007199254740993},
                                          {.kind = Kind::kReal, .real = 1.0},
                                          {.kind = Kind::kReal, .real = 9007199254740992.0},
                                          {.kind = Kind::kString, .text = "a"},
                                          {.kind = Kind::kString, .text = "b"}};
  for (const Operator op :
       {Operator::kEqual, Operator::kNotEqual, Operator::kLess, Operator::kLessEqual}) {
    for (const JsonScalar& a : values) {
      for (const JsonScalar& b : values) {
        EXPECT_EQ(Holds(op, a, b), naive::Holds(op, JsonOf(a), JsonOf(b)))
            << JsonOf(a) << OperatorText(op) << JsonOf(b);
      }
    }
  }
}

}  // namespace
}  // namespace vecdb::filter
