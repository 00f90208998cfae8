#include "filter/expr_builder.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

#include "filter/literal.h"

namespace vecdb::filter {
namespace {

constexpr ExprBuilder::Mistake kTooDeep = "nested deeper than 64 levels";

bool IsLess(Operator op) { return op == Operator::kLess || op == Operator::kLessEqual; }
bool IsOrder(Operator op) { return op >= Operator::kLess; }  // of the comparisons

// False for what is no number, and for the least integer.
bool NegateValue(FilterValue* value) {
  if (const auto* real = value->get_if<double>()) {
    *value = -*real;
    return true;
  }
  const auto* integer = value->get_if<int64_t>();
  if (integer == nullptr || *integer == std::numeric_limits<int64_t>::min()) return false;
  *value = -*integer;
  return true;
}

Expr NewExpr(ExprKind kind, size_t position) {
  Expr expr;
  expr.kind = kind;
  expr.position = position;
  return expr;
}

}  // namespace

ExprBuilder::Operand ExprBuilder::Pop() {
  Operand operand = std::move(operands_.back());
  operands_.pop_back();
  return operand;
}

ExprBuilder::Mistake ExprBuilder::PushOperand(Operand operand) {
  operands_.push_back(std::move(operand));
  return ++num_nodes_ > kMaxFilterNodes
             ? "more than 65536 fields, constants, lists and operators; lists may be parameters"
             : nullptr;
}

ExprBuilder::Mistake ExprBuilder::Push(Expr expr) {
  int deepest = 0;
  for (const Expr& child : expr.children) deepest = std::max(deepest, child.depth);
  expr.depth = deepest + 1;
  if (expr.depth > kMaxFilterDepth) return kTooDeep;
  return PushOperand({.expr = std::move(expr)});
}

ExprBuilder::Mistake ExprBuilder::AddNumber(std::string_view text) {
  const auto number = ParseNumber(text);
  if (!number.has_value()) return "a number that is out of range, or has a digit its base has not";
  if (const auto* integer = std::get_if<int64_t>(&*number)) {
    constants_.emplace_back(*integer);
  } else if (const auto* real = std::get_if<double>(&*number)) {
    constants_.emplace_back(*real);
  } else {
    constants_.emplace_back(std::numeric_limits<int64_t>::min(), true);
  }
  return nullptr;
}

ExprBuilder::Mistake ExprBuilder::AddBool(bool value) {
  constants_.emplace_back(value);
  return nullptr;
}

ExprBuilder::Mistake ExprBuilder::AddString(std::string value) {
  constants_.emplace_back(std::move(value));
  return nullptr;
}

ExprBuilder::Mistake ExprBuilder::NegateConstant() {
  Constant& constant = constants_.back();
  if (constant.minus_only) {
    constant.minus_only = false;
  } else {
    NegateValue(&constant.value);
  }
  return nullptr;
}

ExprBuilder::Mistake ExprBuilder::EndElement() {
  return constants_.back().minus_only ? "an integer beyond 64 bits" : nullptr;
}

void ExprBuilder::EndList() {
  const auto begin = constants_.begin() + static_cast<ptrdiff_t>(lists_.back());
  FilterValue::List values;
  values.reserve(static_cast<size_t>(constants_.end() - begin));
  std::transform(begin, constants_.end(), std::back_inserter(values),
                 [](Constant& constant) { return std::move(constant.value); });
  constants_.erase(begin, constants_.end());
  constants_.emplace_back(std::move(values));
  lists_.pop_back();
}

ExprBuilder::Mistake ExprBuilder::PushConstant(size_t position) {
  Constant constant = std::move(constants_.back());
  constants_.pop_back();
  Expr expr = NewExpr(ExprKind::kConstant, position);
  expr.value = std::move(constant.value);
  expr.negated = constant.minus_only;
  return PushOperand({.expr = std::move(expr)});
}

ExprBuilder::Mistake ExprBuilder::PushName(ExprKind kind, std::string_view name, size_t position) {
  Expr expr = NewExpr(kind, position);
  expr.name = name;
  return PushOperand({.expr = std::move(expr)});
}

ExprBuilder::Mistake ExprBuilder::AddStep(PathStep step) {
  std::vector<PathStep>& steps = operands_.back().expr.steps;
  steps.push_back(std::move(step));
  return steps.size() > static_cast<size_t>(kMaxFilterDepth) ? kTooDeep : nullptr;
}

ExprBuilder::Mistake ExprBuilder::AddKey(std::string key) { return AddStep(std::move(key)); }

ExprBuilder::Mistake ExprBuilder::AddPlace(std::string_view digits) {
  int64_t place = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), place);
  if (read.ec != std::errc()) return "a place in an array that is out of range";
  return AddStep(place);
}

// The last operand, or the last two, under one node.
Expr ExprBuilder::PopOne(ExprKind kind, size_t position) {
  Expr expr = NewExpr(kind, position);
  expr.children.push_back(Pop().expr);
  return expr;
}

Expr ExprBuilder::PopPair(ExprKind kind, size_t position) {
  Operand right = Pop();
  Operand left = Pop();
  Expr expr = NewExpr(kind, position);
  expr.children.push_back(std::move(left.expr));
  expr.children.push_back(std::move(right.expr));
  return expr;
}

ExprBuilder::PendingOperator ExprBuilder::PopOperator() {
  const PendingOperator pending = operators_.back();
  operators_.pop_back();
  return pending;
}

ExprBuilder::Mistake ExprBuilder::ReduceArithmetic() {
  const PendingOperator pending = PopOperator();
  Expr expr = PopPair(ExprKind::kArithmetic, pending.position);
  expr.op = pending.op;
  return Push(std::move(expr));
}

bool ExprBuilder::IsOpenRange(const Operand& operand) {
  if (operand.enclosed) return false;
  return operand.expr.kind == ExprKind::kRange ||
         (operand.expr.kind == ExprKind::kCompare && IsOrder(operand.expr.op));
}

// `low < x` with `< high`: a range. `high > x` with `> low` has been turned round by then.
ExprBuilder::Mistake ExprBuilder::ExtendRange(Operand left, Operator op, Operand right) {
  Expr& range = left.expr;
  if (range.kind == ExprKind::kRange) return "a range has two ends";
  if (IsLess(range.op) != IsLess(op)) return "both ends of a range take < or <=, or both > or >=";
  range.kind = ExprKind::kRange;
  if (IsLess(op)) {
    range.upper_op = op;
    range.children.push_back(std::move(right.expr));
  } else {
    range.upper_op = Mirrored(range.op);
    range.op = Mirrored(op);
    std::swap(range.children[0], range.children[1]);  // the high end comes last
    range.children.insert(range.children.begin(), std::move(right.expr));
  }
  return Push(std::move(range));
}

ExprBuilder::Mistake ExprBuilder::ReduceComparison() {
  const PendingOperator pending = PopOperator();
  if (IsOrder(pending.op) && IsOpenRange(operands_[operands_.size() - 2])) {
    Operand right = Pop();
    Operand left = Pop();
    return ExtendRange(std::move(left), pending.op, std::move(right));
  }
  Expr expr = PopPair(ExprKind::kCompare, pending.position);
  expr.op = pending.op;
  return Push(std::move(expr));
}

ExprBuilder::Mistake ExprBuilder::ReduceNegate() {
  Expr& child = operands_.back().expr;
  if (child.kind != ExprKind::kConstant) return Push(PopOne(ExprKind::kNegate, child.position));
  if (child.negated) {
    child.negated = false;
    return nullptr;
  }
  return NegateValue(&child.value) ? nullptr : Push(PopOne(ExprKind::kNegate, child.position));
}

ExprBuilder::Mistake ExprBuilder::ReduceNot() {
  return Push(PopOne(ExprKind::kNot, operands_.back().expr.position));
}

ExprBuilder::Mistake ExprBuilder::ReduceIn(bool negated, size_t position) {
  Expr expr = PopPair(ExprKind::kIn, position);
  expr.negated = negated;
  return Push(std::move(expr));
}

ExprBuilder::Mistake ExprBuilder::ReduceLike() {
  return Push(PopPair(ExprKind::kLike, operands_.back().expr.position));
}

// `a and b and c` is one node, however long.
ExprBuilder::Mistake ExprBuilder::ReduceJunction(ExprKind kind, size_t position) {
  Operand right = Pop();
  Operand left = Pop();
  Expr expr = NewExpr(kind, position);
  if (left.expr.kind == kind && !left.enclosed) {
    expr = std::move(left.expr);
  } else {
    expr.children.push_back(std::move(left.expr));
  }
  expr.children.push_back(std::move(right.expr));
  const int depth = std::max(expr.depth, expr.children.back().depth + 1);
  if (expr.children.size() == 2) return Push(std::move(expr));
  if (depth > kMaxFilterDepth) return kTooDeep;
  expr.depth = depth;
  operands_.push_back({.expr = std::move(expr)});
  return nullptr;
}

ExprBuilder::Mistake ExprBuilder::ReduceExists(size_t position) {
  return Push(PopOne(ExprKind::kExists, position));
}

ExprBuilder::Mistake ExprBuilder::ReduceContains(Quantifier quantifier, size_t position) {
  Expr expr = PopPair(ExprKind::kContains, position);
  expr.quantifier = quantifier;
  return Push(std::move(expr));
}

}  // namespace vecdb::filter
