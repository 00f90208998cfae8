#include "filter/expr_builder.h"

#include <gtest/gtest.h>

#include <string>

namespace vecdb::filter {
namespace {

TEST(ExprBuilderTest, OperatorsTakeTheLastTwoOperands) {
  ExprBuilder builder;
  builder.PushName(ExprKind::kPath, "a", 0);
  builder.PushOperator(Operator::kAdd, 2);
  builder.PushName(ExprKind::kPath, "b", 4);
  EXPECT_EQ(builder.ReduceArithmetic(), nullptr);
  const Expr expr = builder.Take();
  EXPECT_EQ(expr.kind, ExprKind::kArithmetic);
  EXPECT_EQ(expr.position, 2u);
  EXPECT_EQ(expr.depth, 2);
  ASSERT_EQ(expr.children.size(), 2u);
  EXPECT_EQ(expr.children[0].name, "a");
  EXPECT_EQ(expr.children[1].name, "b");
}

// a, op, b, op, c: one range, unless the first pair stood in parentheses.
TEST(ExprBuilderTest, TwoComparisonsInARowAreARange) {
  for (const bool enclosed : {false, true}) {
    ExprBuilder builder;
    builder.PushName(ExprKind::kPath, "a", 0);
    builder.PushOperator(Operator::kGreater, 2);
    builder.PushName(ExprKind::kPath, "b", 4);
    EXPECT_EQ(builder.ReduceComparison(), nullptr);
    if (enclosed) builder.Enclose();
    builder.PushOperator(Operator::kGreaterEqual, 6);
    builder.PushName(ExprKind::kPath, "c", 8);
    EXPECT_EQ(builder.ReduceComparison(), nullptr);
    const Expr expr = builder.Take();
    EXPECT_EQ(expr.kind, enclosed ? ExprKind::kCompare : ExprKind::kRange);
    if (enclosed) continue;
    EXPECT_EQ(expr.op, Operator::kLessEqual);  // c <= b < a
    EXPECT_EQ(expr.upper_op, Operator::kLess);
    EXPECT_EQ(expr.children[0].name, "c");
    EXPECT_EQ(expr.children[1].name, "b");
    EXPECT_EQ(expr.children[2].name, "a");
  }
}

TEST(ExprBuilderTest, JunctionsOfOneKindAreOneNode) {
  ExprBuilder builder;
  builder.PushName(ExprKind::kPath, "a", 0);
  for (const char* name : {"b", "c", "d"}) {
    builder.PushName(ExprKind::kPath, name, 0);
    EXPECT_EQ(builder.ReduceJunction(ExprKind::kAnd, 0), nullptr);
  }
  const Expr expr = builder.Take();
  EXPECT_EQ(expr.children.size(), 4u);
  EXPECT_EQ(expr.depth, 2);
}

TEST(ExprBuilderTest, ListsWithinListsAreValues) {
  ExprBuilder builder;
  builder.BeginList();
  EXPECT_EQ(builder.AddNumber("1"), nullptr);
  builder.BeginList();
  EXPECT_EQ(builder.AddString("x"), nullptr);
  builder.EndList();
  builder.EndList();
  builder.PushConstant(3);
  const FilterValue expected = FilterValue::List{1, FilterValue::List{"x"}};
  EXPECT_EQ(builder.Take().value, expected);
}

TEST(ExprBuilderTest, MinusMakesTheLeastInteger) {
  ExprBuilder builder;
  EXPECT_EQ(builder.AddNumber("9223372036854775808"), nullptr);
  EXPECT_NE(builder.EndElement(), nullptr);
  EXPECT_EQ(builder.NegateConstant(), nullptr);
  EXPECT_EQ(builder.EndElement(), nullptr);
  builder.PushConstant(0);
  EXPECT_EQ(builder.Take().value, FilterValue(std::numeric_limits<int64_t>::min()));
}

}  // namespace
}  // namespace vecdb::filter
