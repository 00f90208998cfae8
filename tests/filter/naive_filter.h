#ifndef VECDB_FILTER_NAIVE_FILTER_H_
#define VECDB_FILTER_NAIVE_FILTER_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "filter/expr.h"
#include "filter/naive_values.h"
#include "vecdb/filter.h"
#include "vecdb/schema.h"

namespace vecdb::filter::naive {

/// What a condition says of a row; kFailed when arithmetic in it had no result and nothing else
/// decides. A row matches when it is kYes.
enum class Truth { kNo, kYes, kFailed };

inline Truth TruthOf(bool value) { return value ? Truth::kYes : Truth::kNo; }

inline Truth Not(Truth a) {
  if (a == Truth::kFailed) return a;
  return a == Truth::kYes ? Truth::kNo : Truth::kYes;
}

inline Truth And(Truth a, Truth b) {
  if (a == Truth::kNo || b == Truth::kNo) return Truth::kNo;
  return a == Truth::kFailed || b == Truth::kFailed ? Truth::kFailed : Truth::kYes;
}

inline Truth Or(Truth a, Truth b) { return Not(And(Not(a), Not(b))); }

/// Evaluates a filter as it was written, for one row. Borrows everything.
class Evaluator {
 public:
  Evaluator(const Schema& schema, const Row& row, const FilterParameters& parameters)
      : schema_(schema), row_(row), parameters_(parameters) {}

  /// `expr` is of a filter that BuildNode takes.
  Truth Condition(const Expr& expr) const {
    switch (expr.kind) {
      case ExprKind::kCompare:
        return Compare(expr.children[0], expr.op, expr.children[1]);
      case ExprKind::kRange:
        return And(Compare(expr.children[0], expr.op, expr.children[1]),
                   Compare(expr.children[1], expr.upper_op, expr.children[2]));
      case ExprKind::kIn:
        return expr.negated ? Not(In(expr)) : In(expr);
      case ExprKind::kLike:
        return Like(expr);
      case ExprKind::kExists:
        return TruthOf(Find(row_, FieldOf(expr.children[0]), StepsOf(expr.children[0])) != nullptr);
      case ExprKind::kContains:
        return TruthOf(Contains(expr.quantifier,
                                Find(row_, FieldOf(expr.children[0]), StepsOf(expr.children[0])),
                                ConstantOf(expr.children[1])));
      case ExprKind::kNot:
        return Not(Condition(expr.children[0]));
      case ExprKind::kAnd:
      case ExprKind::kOr:
        return Junction(expr);
      default:  // a Bool field, or all of the filter is true or false
        return TruthOf(ValueOf(expr).value.get<bool>());
    }
  }

 private:
  Truth Junction(const Expr& expr) const {
    Truth all = Condition(expr.children[0]);
    for (const Expr& child : expr.children) {
      all = expr.kind == ExprKind::kAnd ? And(all, Condition(child)) : Or(all, Condition(child));
    }
    return all;
  }

  Truth Compare(const Expr& left, Operator op, const Expr& right) const {
    Operand a = ValueOf(left);
    Operand b = ValueOf(right);
    if (a.failed || b.failed) return Truth::kFailed;
    if (IsFloatField(left) && IsConstant(right)) b.value = NearestFloat(b.value);
    if (IsFloatField(right) && IsConstant(left)) a.value = NearestFloat(a.value);
    return TruthOf(Holds(op, a.value, b.value));
  }

  Truth In(const Expr& expr) const {
    const Operand a = ValueOf(expr.children[0]);
    if (a.failed) return Truth::kFailed;
    bool found = false;
    for (const Json& element : ConstantOf(expr.children[1])) {
      found |= Same(a.value, IsFloatField(expr.children[0]) ? NearestFloat(element) : element);
    }
    return TruthOf(found);
  }

  Truth Like(const Expr& expr) const {
    const Operand a = ValueOf(expr.children[0]);
    if (a.failed) return Truth::kFailed;
    return TruthOf(a.value.is_string() &&
                   LikeMatches(ConstantOf(expr.children[1]).get<std::string>(),
                               a.value.get_ref<const std::string&>()));
  }

  // ---- values

  Operand ValueOf(const Expr& expr) const {
    switch (expr.kind) {
      case ExprKind::kNegate:
        return Negated(ValueOf(expr.children[0]));
      case ExprKind::kArithmetic:
        return Arithmetic(expr.op, ValueOf(expr.children[0]), ValueOf(expr.children[1]));
      case ExprKind::kPath:
        return ValueAt(row_, FieldOf(expr), StepsOf(expr));
      default:
        return {.value = ConstantOf(expr)};
    }
  }

  Json ConstantOf(const Expr& expr) const {
    return JsonOf(expr.kind == ExprKind::kParameter ? parameters_.find(expr.name)->second
                                                    : expr.value);
  }

  bool IsDeclared(const Expr& path) const { return schema_.FindField(path.name).has_value(); }

  std::string FieldOf(const Expr& path) const {
    return IsDeclared(path) ? path.name : std::string(kDynamicFieldName);
  }

  std::vector<PathStep> StepsOf(const Expr& path) const {
    std::vector<PathStep> steps = path.steps;
    if (!IsDeclared(path) && path.name != kDynamicFieldName) {
      steps.insert(steps.begin(), path.name);
    }
    return steps;
  }

  bool IsFloatField(const Expr& expr) const {
    return expr.kind == ExprKind::kPath && IsDeclared(expr) &&
           schema_.fields[*schema_.FindField(expr.name)].type == DataType::kFloat;
  }

  static bool IsConstant(const Expr& expr) {
    return expr.kind != ExprKind::kPath &&
           std::all_of(expr.children.begin(), expr.children.end(), IsConstant);
  }

  // A number that is nearest to no float stays as it is.
  static Json NearestFloat(const Json& number) {
    const float nearest = number.is_number_integer() ? static_cast<float>(number.get<int64_t>())
                                                     : static_cast<float>(number.get<double>());
    return std::isfinite(nearest) ? Json(static_cast<double>(nearest)) : number;
  }

  const Schema& schema_;
  const Row& row_;
  const FilterParameters& parameters_;
};

/// What `expr`, of a filter that BuildNode takes, says of `row`.
inline Truth Evaluate(const Expr& expr, const Schema& schema, const Row& row,
                      const FilterParameters& parameters = {}) {
  return Evaluator(schema, row, parameters).Condition(expr);
}

}  // namespace vecdb::filter::naive

#endif  // VECDB_FILTER_NAIVE_FILTER_H_
