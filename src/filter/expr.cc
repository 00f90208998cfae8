#include "filter/expr.h"

namespace vecdb::filter {

const char* OperatorText(Operator op) {
  constexpr const char* kTexts[] = {"+",  "-",  "*", "/",  "%", "**",
                                    "==", "!=", "<", "<=", ">", ">="};
  return kTexts[static_cast<size_t>(op)];
}

Operator Mirrored(Operator op) {
  switch (op) {
    case Operator::kLess:
      return Operator::kGreater;
    case Operator::kLessEqual:
      return Operator::kGreaterEqual;
    case Operator::kGreater:
      return Operator::kLess;
    case Operator::kGreaterEqual:
      return Operator::kLessEqual;
    default:
      return op;
  }
}

const char* QuantifierText(Quantifier quantifier) {
  constexpr const char* kTexts[] = {"json_contains", "json_contains_all", "json_contains_any"};
  return kTexts[static_cast<size_t>(quantifier)];
}

}  // namespace vecdb::filter
