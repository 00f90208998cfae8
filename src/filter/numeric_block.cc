#include "filter/numeric_block.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstddef>
#include <limits>
#include <utility>

#include "base/status_macros.h"

namespace vecdb::filter {
namespace {

using schema::ColumnBlock;

constexpr size_t kRows = schema::kBlockRows;
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

template <typename From, typename To>
void CopyColumn(const ColumnBlock& block, std::vector<To>* values) {
  const auto column = block.as<From>();
  if (block.constant) {
    values->assign(kRows, static_cast<To>(column[0]));
    return;
  }
  values->resize(kRows);
  std::copy(column.begin(), column.end(), values->begin());
}

NumericBlock BlockOf(const ColumnBlock& column) {
  NumericBlock block;
  switch (column.type) {
    case DataType::kInt8:
      CopyColumn<int8_t>(column, &block.integers);
      break;
    case DataType::kInt16:
      CopyColumn<int16_t>(column, &block.integers);
      break;
    case DataType::kInt32:
      CopyColumn<int32_t>(column, &block.integers);
      break;
    case DataType::kInt64:
      CopyColumn<int64_t>(column, &block.integers);
      break;
    case DataType::kFloat:
      block.is_real = true;
      CopyColumn<float>(column, &block.reals);
      break;
    default:
      block.is_real = true;
      CopyColumn<double>(column, &block.reals);
  }
  return block;
}

NumericBlock BlockOf(const FilterValue& constant) {
  NumericBlock block;
  if (const auto* integer = constant.get_if<int64_t>()) {
    block.integers.assign(kRows, *integer);
  } else {
    block.is_real = true;
    block.reals.assign(kRows, *constant.get_if<double>());
  }
  return block;
}

// The functions below put `a op b` in place of `a` and say whether there is a result.

bool AddTo(int64_t* a, int64_t b) { return !__builtin_add_overflow(*a, b, a); }
bool SubtractFrom(int64_t* a, int64_t b) { return !__builtin_sub_overflow(*a, b, a); }
bool MultiplyBy(int64_t* a, int64_t b) { return !__builtin_mul_overflow(*a, b, a); }

bool DivideBy(int64_t* a, int64_t b) {
  if (b == 0 || (b == -1 && *a == kMin)) return false;
  *a /= b;
  return true;
}

bool ReduceModulo(int64_t* a, int64_t b) {
  if (b == 0) return false;
  *a = b == -1 ? 0 : *a % b;
  return true;
}

template <typename T, typename Function>
void ForRows(std::vector<T>& a, const std::vector<T>& b, BlockRows* rows, Function apply) {
  rows->KeepIf([&](size_t row) { return apply(&a[row], b[row]); });
}

void ApplyToIntegers(Operator op, std::vector<int64_t>& a, const std::vector<int64_t>& b,
                     BlockRows* rows) {
  switch (op) {
    case Operator::kAdd:
      return ForRows(a, b, rows, AddTo);
    case Operator::kSubtract:
      return ForRows(a, b, rows, SubtractFrom);
    case Operator::kMultiply:
      return ForRows(a, b, rows, MultiplyBy);
    case Operator::kDivide:
      return ForRows(a, b, rows, DivideBy);
    default:
      return ForRows(a, b, rows, ReduceModulo);
  }
}

template <typename Function>
void ForReals(std::vector<double>& a, const std::vector<double>& b, BlockRows* rows,
              Function function) {
  ForRows(a, b, rows, [&](double* left, double right) {
    *left = function(*left, right);
    return std::isfinite(*left);
  });
}

void ApplyToReals(Operator op, std::vector<double>& a, const std::vector<double>& b,
                  BlockRows* rows) {
  switch (op) {
    case Operator::kAdd:
      return ForReals(a, b, rows, [](double x, double y) { return x + y; });
    case Operator::kSubtract:
      return ForReals(a, b, rows, [](double x, double y) { return x - y; });
    case Operator::kMultiply:
      return ForReals(a, b, rows, [](double x, double y) { return x * y; });
    case Operator::kDivide:
      return ForReals(a, b, rows, [](double x, double y) { return x / y; });
    case Operator::kModulo:
      return ForReals(a, b, rows, [](double x, double y) { return std::fmod(x, y); });
    default:
      return ForReals(a, b, rows, [](double x, double y) { return std::pow(x, y); });
  }
}

void NegateBlock(NumericBlock* block, BlockRows* rows) {
  if (block->is_real) {
    for (double& real : block->reals) real = -real;
    return;
  }
  rows->KeepIf([block](size_t row) {
    int64_t& integer = block->integers[row];
    return !__builtin_sub_overflow(int64_t{0}, integer, &integer);
  });
}

// How an integer and a double compare. Rounding keeps an order, so only a tie needs a closer look.
std::partial_ordering Order(int64_t integer, double real) {
  const auto rounded = static_cast<double>(integer);
  if (rounded != real) return rounded <=> real;
  if (real >= -static_cast<double>(kMin)) return std::partial_ordering::less;
  return integer <=> static_cast<int64_t>(real);
}

std::partial_ordering Order(double real, int64_t integer) { return 0 <=> Order(integer, real); }

template <typename T>
auto Order(T a, T b) {
  return a <=> b;
}

template <typename A, typename B>
void KeepOrdered(const std::vector<A>& a, Operator op, const std::vector<B>& b, BlockRows* rows) {
  switch (op) {
    case Operator::kEqual:
      return rows->KeepIf([&](size_t row) { return Order(a[row], b[row]) == 0; });
    case Operator::kNotEqual:
      return rows->KeepIf([&](size_t row) { return Order(a[row], b[row]) != 0; });
    case Operator::kLess:
      return rows->KeepIf([&](size_t row) { return Order(a[row], b[row]) < 0; });
    default:
      return rows->KeepIf([&](size_t row) { return Order(a[row], b[row]) <= 0; });
  }
}

}  // namespace

void NumericBlock::MakeReal() {
  if (is_real) return;
  is_real = true;
  reals.resize(integers.size());
  std::transform(integers.begin(), integers.end(), reals.begin(),
                 [](int64_t integer) { return static_cast<double>(integer); });
}

bool IsNumeric(const Term& term) {
  return (term.values == ValueKind::kInteger || term.values == ValueKind::kReal) &&
         term.kind != Term::Kind::kNever &&
         std::all_of(term.operands.begin(), term.operands.end(), IsNumeric);
}

absl::StatusOr<NumericBlock> ComputeTerm(const Term& term, BlockReader& reader, BlockRows* rows) {
  if (term.kind == Term::Kind::kConstant) return BlockOf(term.value);
  if (term.kind == Term::Kind::kField) {
    VECDB_ASSIGN_OR_RETURN(const ColumnBlock* column, reader.Read(term.column));
    return BlockOf(*column);
  }
  VECDB_ASSIGN_OR_RETURN(NumericBlock left, ComputeTerm(term.operands[0], reader, rows));
  VECDB_RETURN_IF_ERROR(reader.Spend(kRows * sizeof(int64_t)));
  if (term.kind == Term::Kind::kNegate) {
    NegateBlock(&left, rows);
    return left;
  }
  VECDB_ASSIGN_OR_RETURN(NumericBlock right, ComputeTerm(term.operands[1], reader, rows));
  if (!left.is_real && !right.is_real && term.op != Operator::kPower) {
    ApplyToIntegers(term.op, left.integers, right.integers, rows);
    return left;
  }
  left.MakeReal();
  right.MakeReal();
  ApplyToReals(term.op, left.reals, right.reals, rows);
  return left;
}

void KeepWhere(const NumericBlock& a, Operator op, const NumericBlock& b, BlockRows* rows) {
  if (a.is_real) {
    return b.is_real ? KeepOrdered(a.reals, op, b.reals, rows)
                     : KeepOrdered(a.reals, op, b.integers, rows);
  }
  return b.is_real ? KeepOrdered(a.integers, op, b.reals, rows)
                   : KeepOrdered(a.integers, op, b.integers, rows);
}

}  // namespace vecdb::filter
