#ifndef VECDB_FILTER_EXPR_BUILDER_H_
#define VECDB_FILTER_EXPR_BUILDER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "filter/expr.h"

namespace vecdb::filter {

/// What the grammar builds the expression on: stacks of operands, operators and constants. A call
/// for each rule, in the order in which the rules end. Single-threaded.
///
/// A method that finds a mistake which the grammar cannot see returns what is wrong, or null.
class ExprBuilder {
 public:
  using Mistake = const char*;

  // Constants, which become operands or lists.
  Mistake AddNumber(std::string_view text);
  Mistake AddBool(bool value);
  Mistake AddString(std::string value);
  void BeginList() { lists_.push_back(constants_.size()); }
  void EndList();
  /// A minus before the last constant.
  Mistake NegateConstant();
  Mistake EndElement();

  // Operands.
  Mistake PushConstant(size_t position);
  Mistake PushName(ExprKind kind, std::string_view name, size_t position);  ///< kParameter, kPath
  Mistake AddKey(std::string key);
  Mistake AddPlace(std::string_view digits);

  // Operators, which take their operands when those have ended.
  void PushOperator(Operator op, size_t position) { operators_.push_back({op, position}); }
  Mistake ReduceArithmetic();
  Mistake ReduceComparison();
  Mistake ReduceNegate();
  Mistake ReduceNot();
  Mistake ReduceIn(bool negated, size_t position);
  Mistake ReduceLike();
  Mistake ReduceJunction(ExprKind kind, size_t position);
  Mistake ReduceExists(size_t position);
  Mistake ReduceContains(Quantifier quantifier, size_t position);
  /// The last operand stood in parentheses.
  void Enclose() { operands_.back().enclosed = true; }

  /// The expression, when all has been reduced.
  Expr Take() { return std::move(operands_.back().expr); }

 private:
  struct Operand {
    Expr expr{};
    bool enclosed = false;
  };
  struct PendingOperator {
    Operator op = Operator::kAdd;
    size_t position = 0;
  };
  // A constant; 2^63 is a mistake unless a minus comes before it.
  struct Constant {
    explicit Constant(FilterValue of, bool only = false) : value(std::move(of)), minus_only(only) {}

    FilterValue value;
    bool minus_only;
  };

  Operand Pop();
  PendingOperator PopOperator();
  Expr PopOne(ExprKind kind, size_t position);
  Expr PopPair(ExprKind kind, size_t position);
  Mistake Push(Expr expr);
  Mistake PushOperand(Operand operand);
  Mistake AddStep(PathStep step);
  static bool IsOpenRange(const Operand& operand);
  Mistake ExtendRange(Operand left, Operator op, Operand right);

  size_t num_nodes_ = 0;
  std::vector<Operand> operands_;
  std::vector<PendingOperator> operators_;
  std::vector<Constant> constants_;
  std::vector<size_t> lists_;  // where the constants of open lists begin
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_EXPR_BUILDER_H_
