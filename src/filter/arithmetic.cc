#include "filter/arithmetic.h"

#include <cmath>
#include <limits>

namespace vecdb::filter {
namespace {

std::optional<Numeric> ApplyToIntegers(Operator op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool wrong = false;
  switch (op) {
    case Operator::kAdd:
      wrong = __builtin_add_overflow(a, b, &result);
      break;
    case Operator::kSubtract:
      wrong = __builtin_sub_overflow(a, b, &result);
      break;
    case Operator::kMultiply:
      wrong = __builtin_mul_overflow(a, b, &result);
      break;
    case Operator::kDivide:
      wrong = b == 0 || (b == -1 && a == std::numeric_limits<int64_t>::min());
      if (!wrong) result = a / b;
      break;
    default:
      wrong = b == 0;
      if (!wrong && b != -1) result = a % b;
  }
  return wrong ? std::nullopt : std::optional<Numeric>(result);
}

double ApplyToReals(Operator op, double a, double b) {
  switch (op) {
    case Operator::kAdd:
      return a + b;
    case Operator::kSubtract:
      return a - b;
    case Operator::kMultiply:
      return a * b;
    case Operator::kDivide:
      return a / b;
    case Operator::kModulo:
      return std::fmod(a, b);
    default:
      return std::pow(a, b);
  }
}

double ToReal(const Numeric& number) {
  const auto* integer = std::get_if<int64_t>(&number);
  return integer != nullptr ? static_cast<double>(*integer) : std::get<double>(number);
}

}  // namespace

std::optional<Numeric> Apply(Operator op, const Numeric& a, const Numeric& b) {
  const auto* left = std::get_if<int64_t>(&a);
  const auto* right = std::get_if<int64_t>(&b);
  if (left != nullptr && right != nullptr && op != Operator::kPower) {
    return ApplyToIntegers(op, *left, *right);
  }
  const double result = ApplyToReals(op, ToReal(a), ToReal(b));
  return std::isfinite(result) ? std::optional<Numeric>(result) : std::nullopt;
}

std::optional<Numeric> Negate(const Numeric& a) {
  const auto* integer = std::get_if<int64_t>(&a);
  if (integer == nullptr) return -std::get<double>(a);
  return ApplyToIntegers(Operator::kSubtract, 0, *integer);
}

}  // namespace vecdb::filter
