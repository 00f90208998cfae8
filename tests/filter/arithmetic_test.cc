#include "filter/arithmetic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <variant>
#include <vector>

#include "filter/naive_values.h"
#include "support/int64_limits.h"
#include "support/seeded_random.h"

namespace vecdb::filter {
namespace {

using support::kMaxInt64;
using support::kMinInt64;
constexpr double kMaxReal = std::numeric_limits<double>::max();
constexpr Operator kOperators[] = {Operator::kAdd,    Operator::kSubtract, Operator::kMultiply,
                                   Operator::kDivide, Operator::kModulo,   Operator::kPower};

Numeric I(int64_t value) { return value; }
Numeric R(double value) { return value; }

struct ArithmeticCase {
  Numeric a;
  Operator op;
  Numeric b;
  std::optional<Numeric> result;
};

void CheckCases(const std::vector<ArithmeticCase>& cases) {
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(Apply(cases[i].op, cases[i].a, cases[i].b), cases[i].result) << "case " << i;
  }
}

TEST(ArithmeticTest, OfTwoIntegersIsAnInteger) {
  CheckCases({
      {I(7), Operator::kAdd, I(-2), I(5)},
      {I(7), Operator::kSubtract, I(-2), I(9)},
      {I(7), Operator::kMultiply, I(-2), I(-14)},
      {I(7), Operator::kDivide, I(-2), I(-3)},
      {I(-7), Operator::kDivide, I(2), I(-3)},
      {I(7), Operator::kModulo, I(-2), I(1)},
      {I(-7), Operator::kModulo, I(2), I(-1)},
  });
}

TEST(ArithmeticTest, WithARealIsAReal) {
  CheckCases({
      {I(7), Operator::kAdd, R(0.5), R(7.5)},
      {R(7), Operator::kSubtract, I(2), R(5.0)},
      {R(7), Operator::kMultiply, R(0.5), R(3.5)},
      {I(7), Operator::kDivide, R(2), R(3.5)},
      {R(-7.5), Operator::kModulo, I(2), R(-1.5)},
  });
}

TEST(ArithmeticTest, PowersAreRealEvenOfIntegers) {
  CheckCases({
      {I(2), Operator::kPower, I(10), R(1024)},
      {I(2), Operator::kPower, I(-1), R(0.5)},
      {I(0), Operator::kPower, I(0), R(1)},
      {I(0), Operator::kPower, I(-1), std::nullopt},
      {I(-8), Operator::kPower, R(0.5), std::nullopt},
      {I(10), Operator::kPower, I(309), std::nullopt},
  });
}

TEST(ArithmeticTest, IntegersHaveNoResultBeyondTheirLimits) {
  CheckCases({
      {I(kMaxInt64 - 1), Operator::kAdd, I(1), I(kMaxInt64)},
      {I(kMaxInt64), Operator::kAdd, I(1), std::nullopt},
      {I(kMinInt64 + 1), Operator::kSubtract, I(1), I(kMinInt64)},
      {I(kMinInt64), Operator::kSubtract, I(1), std::nullopt},
      {I(kMinInt64 / 2), Operator::kMultiply, I(2), I(kMinInt64)},
      {I(kMaxInt64 / 2 + 1), Operator::kMultiply, I(2), std::nullopt},
      {I(kMinInt64), Operator::kDivide, I(-1), std::nullopt},
      {I(kMinInt64), Operator::kModulo, I(-1), I(0)},
  });
}

TEST(ArithmeticTest, DivisionByZeroHasNoResult) {
  CheckCases({
      {I(1), Operator::kDivide, I(0), std::nullopt},
      {I(1), Operator::kModulo, I(0), std::nullopt},
      {R(1), Operator::kDivide, I(0), std::nullopt},
      {R(1), Operator::kDivide, R(-0.0), std::nullopt},
      {R(0), Operator::kDivide, R(0), std::nullopt},
      {I(1), Operator::kModulo, R(0), std::nullopt},
      {R(0), Operator::kMultiply, I(0), R(0)},
  });
}

TEST(ArithmeticTest, RealsHaveNoResultThatIsNotFinite) {
  CheckCases({
      {R(kMaxReal), Operator::kAdd, R(kMaxReal), std::nullopt},
      {R(kMaxReal), Operator::kMultiply, I(2), std::nullopt},
      {R(kMaxReal), Operator::kAdd, I(1), R(kMaxReal)},
      {R(kMaxReal), Operator::kSubtract, R(kMaxReal), R(0)},
  });
}

TEST(ArithmeticTest, NegateFailsForTheLeastIntegerAlone) {
  EXPECT_EQ(Negate(I(5)), std::optional(I(-5)));
  EXPECT_EQ(Negate(I(kMaxInt64)), std::optional(I(-kMaxInt64)));
  EXPECT_EQ(Negate(I(kMinInt64)), std::nullopt);
  EXPECT_EQ(Negate(R(2.5)), std::optional(R(-2.5)));
  EXPECT_TRUE(std::signbit(std::get<double>(*Negate(R(0.0)))));
}

naive::Operand OperandOf(const std::optional<Numeric>& number) {
  if (!number.has_value()) return naive::Failed();
  naive::Operand operand;
  std::visit([&operand](auto value) { operand.value = value; }, *number);
  return operand;
}

void ExpectSame(const std::optional<Numeric>& result, const naive::Operand& expected) {
  const naive::Operand actual = OperandOf(result);
  ASSERT_EQ(actual.failed, expected.failed);
  if (actual.failed) return;
  EXPECT_EQ(actual.value.is_number_integer(), expected.value.is_number_integer());
  EXPECT_EQ(naive::Worth(actual.value), naive::Worth(expected.value));
}

// Small, near a limit, or anything.
Numeric RandomNumeric(support::SeededRandom& random) {
  const auto any = static_cast<int64_t>(random.Next()) >> random.Below(64);
  switch (random.Below(5)) {
    case 0:
      return I(static_cast<int64_t>(random.Below(7)) - 3);
    case 1:
      return I(random.OneIn(2) ? kMaxInt64 - (any & 3) : kMinInt64 + (any & 3));
    case 2:
      return R(static_cast<double>(any) / 4);
    case 3:
      return R(std::ldexp(static_cast<double>(any), static_cast<int>(random.Below(900))));
    default:
      return I(any);
  }
}

TEST(ArithmeticTest, RandomNumbersAgreeWithWiderArithmetic) {
  const uint64_t seed = support::TestSeed("ArithmeticTest.Random");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (int i = support::ScaledCount(20'000); i > 0 && !testing::Test::HasFailure(); --i) {
    const Numeric a = RandomNumeric(random);
    const Numeric b = RandomNumeric(random);
    SCOPED_TRACE(OperandOf(a).value.dump() + " and " + OperandOf(b).value.dump());
    for (const Operator op : kOperators) {
      SCOPED_TRACE(OperatorText(op));
      ExpectSame(Apply(op, a, b), naive::Arithmetic(op, OperandOf(a), OperandOf(b)));
    }
    ExpectSame(Negate(a), naive::Negated(OperandOf(a)));
  }
}

}  // namespace
}  // namespace vecdb::filter
