#ifndef VECDB_FILTER_NODE_H_
#define VECDB_FILTER_NODE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filter/expr.h"
#include "filter/like_pattern.h"
#include "filter/value_set.h"
#include "vecdb/filter.h"
#include "vecdb/schema.h"

namespace vecdb::filter {

/// What the values of a term are.
enum class ValueKind : uint8_t {
  kBool,
  kInteger,
  kReal,
  kString,
  kJson,     // any of these, or something else, row by row
  kList,     // a constant
  kUnknown,  // a parameter that is yet to be bound
};

/// That of a constant.
ValueKind KindOf(const FilterValue& value);

/// A value that a row has, or a constant. A tree of values.
struct Term {
  enum class Kind : uint8_t {
    kConstant,    // value
    kField,       // column
    kJson,        // column, steps: a value within it, or all of it when there are none
    kNegate,      // operands[0]
    kArithmetic,  // operands[0] op operands[1]
    kNever,       // arithmetic of constants without a result
  };

  Kind kind = Kind::kConstant;
  ValueKind values = ValueKind::kBool;
  Operator op = Operator::kAdd;
  DataType type = DataType::kNone;  // of the field
  size_t column = 0;                // as RowLayout numbers them: `$meta` comes last
  std::string name{};               // of the field
  FilterValue value{};
  std::vector<PathStep> steps{};
  std::vector<Term> operands{};
};

/// The condition in the form in which it is evaluated and printed, with every constant in its
/// place. `not` is found at the leaves alone, so a row without a result at a leaf does not match
/// there, and no leaf's failure makes another match.
struct Node {
  enum class Kind : uint8_t {
    kFalse,
    kTrue,
    kSet,       // term is in set
    kCompare,   // term op right: neither is a constant; op is one of == != < <=
    kLike,      // term fits pattern
    kExists,    // term, within a Json field, is there
    kContains,  // term, an array in a Json field, holds value: all or any of it, when that is a
                // list
    kAnd,       // children, none of which is kAnd, sorted by their text
    kOr,        // children, none of which is kOr, the same
  };

  Kind kind = Kind::kFalse;
  bool negated = false;  // of kCompare with Json, kLike, kExists, kContains
  Operator op = Operator::kEqual;
  Quantifier quantifier = Quantifier::kOne;
  Term term{};
  Term right{};
  ValueSet set{};
  std::optional<LikePattern> pattern{};
  FilterValue value{};
  std::vector<Node> children{};
};

/// The values that a term can have.
Universe UniverseOf(const Term& term);

/// False when some rows may give no result, so that not even the set of all values holds for them.
bool AlwaysHasResult(const Term& term);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_NODE_H_
