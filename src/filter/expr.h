#ifndef VECDB_FILTER_EXPR_H_
#define VECDB_FILTER_EXPR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "vecdb/filter.h"

namespace vecdb::filter {

enum class ExprKind : uint8_t {
  // Values.
  kConstant,    // value
  kParameter,   // name
  kPath,        // name, steps: a field, or a place within a Json field
  kNegate,      // children[0]
  kArithmetic,  // children[0] op children[1]
  // Conditions.
  kCompare,   // children[0] op children[1]
  kRange,     // children[0] op children[1] upper_op children[2], both kLess or kLessEqual
  kIn,        // children[0] in children[1], a list or a parameter
  kLike,      // children[0] like children[1], a string or a parameter
  kExists,    // children[0], a path
  kContains,  // quantifier: children[0], a path, holds children[1]
  kNot,       // children[0]
  kAnd,       // all children
  kOr,        // any child
};

enum class Operator : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
};

/// "+", "<=", ...
const char* OperatorText(Operator op);

/// a op b is b Mirrored(op) a, for comparisons.
Operator Mirrored(Operator op);

enum class Quantifier : uint8_t { kOne, kAll, kAny };

/// "json_contains", ...
const char* QuantifierText(Quantifier quantifier);

/// A key of an object, or a place in an array.
using PathStep = std::variant<std::string, int64_t>;

/// The expression as it was written. A tree of values; what is said of the kinds holds for each
/// that ParseFilter returns.
struct Expr {
  ExprKind kind = ExprKind::kConstant;
  Operator op = Operator::kAdd;
  Operator upper_op = Operator::kLess;
  Quantifier quantifier = Quantifier::kOne;
  bool negated = false;  // kIn: not in. kConstant: 2^63, which stands for nothing without a minus
  int depth = 1;         // of the tree from here down
  size_t position = 0;   // of its first byte or its operator, for messages
  FilterValue value{};
  std::string name{};
  std::vector<PathStep> steps{};
  std::vector<Expr> children{};
};

/// False for conditions.
constexpr bool IsValue(ExprKind kind) { return kind <= ExprKind::kArithmetic; }

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_EXPR_H_
