#include "filter/expr.h"

#include <gtest/gtest.h>

namespace vecdb::filter {
namespace {

TEST(ExprTest, OperatorsHaveTheirSigns) {
  EXPECT_STREQ(OperatorText(Operator::kAdd), "+");
  EXPECT_STREQ(OperatorText(Operator::kModulo), "%");
  EXPECT_STREQ(OperatorText(Operator::kPower), "**");
  EXPECT_STREQ(OperatorText(Operator::kEqual), "==");
  EXPECT_STREQ(OperatorText(Operator::kNotEqual), "!=");
  EXPECT_STREQ(OperatorText(Operator::kLess), "<");
  EXPECT_STREQ(OperatorText(Operator::kGreaterEqual), ">=");
}

TEST(ExprTest, QuantifiersHaveTheirNames) {
  EXPECT_STREQ(QuantifierText(Quantifier::kOne), "json_contains");
  EXPECT_STREQ(QuantifierText(Quantifier::kAll), "json_contains_all");
  EXPECT_STREQ(QuantifierText(Quantifier::kAny), "json_contains_any");
}

TEST(ExprTest, ValuesAreToldFromConditions) {
  for (const ExprKind kind : {ExprKind::kConstant, ExprKind::kParameter, ExprKind::kPath,
                              ExprKind::kNegate, ExprKind::kArithmetic}) {
    EXPECT_TRUE(IsValue(kind));
  }
  for (const ExprKind kind : {ExprKind::kCompare, ExprKind::kIn, ExprKind::kNot, ExprKind::kOr}) {
    EXPECT_FALSE(IsValue(kind));
  }
}

}  // namespace
}  // namespace vecdb::filter
