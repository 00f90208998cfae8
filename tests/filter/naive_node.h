#ifndef VECDB_FILTER_NAIVE_NODE_H_
#define VECDB_FILTER_NAIVE_NODE_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "filter/naive_values.h"
#include "filter/node.h"
#include "filter/number.h"
#include "filter/value_set.h"

namespace vecdb::filter::naive {

inline Operand ValueOf(const Term& term, const Row& row) {
  switch (term.kind) {
    case Term::Kind::kConstant:
      return {.value = JsonOf(term.value)};
    case Term::Kind::kField:
    case Term::Kind::kJson:
      return ValueAt(row, term.name, term.steps);
    case Term::Kind::kNegate:
      return Negated(ValueOf(term.operands[0], row));
    case Term::Kind::kArithmetic:
      return Arithmetic(term.op, ValueOf(term.operands[0], row), ValueOf(term.operands[1], row));
    default:
      return Failed();
  }
}

inline bool Has(const ValueSet& set, const Json& value) {
  if (value.is_boolean()) {
    return (set.bools & (value.get<bool>() ? ValueSet::kTrue : ValueSet::kFalse)) != 0;
  }
  if (value.is_number_integer()) return set.numbers.Contains(Number(value.get<int64_t>()));
  if (value.is_number()) return set.numbers.Contains(Number(value.get<double>()));
  if (value.is_string()) return set.strings.Contains(value.get_ref<const std::string&>());
  return set.other;
}

/// Whether the leaf holds, `negated` aside, for operands that have results.
inline bool LeafHolds(const Node& node, const Row& row, const Operand& a, const Operand& b) {
  switch (node.kind) {
    case Node::Kind::kSet:
      return Has(node.set, a.value);
    case Node::Kind::kCompare:
      return Holds(node.op, a.value, b.value);
    case Node::Kind::kLike:
      return a.value.is_string() && node.pattern->Matches(a.value.get_ref<const std::string&>());
    case Node::Kind::kExists:
      return Find(row, node.term.name, node.term.steps) != nullptr;
    default:
      return Contains(node.quantifier, Find(row, node.term.name, node.term.steps),
                      JsonOf(node.value));
  }
}

/// Whether a row matches a condition in normal form: a leaf without a result does not hold.
inline bool EvaluateNode(const Node& node, const Row& row) {
  const auto holds = [&row](const Node& child) { return EvaluateNode(child, row); };
  switch (node.kind) {
    case Node::Kind::kFalse:
      return false;
    case Node::Kind::kTrue:
      return true;
    case Node::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), holds);
    case Node::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), holds);
    default:
      break;
  }
  const Operand a = ValueOf(node.term, row);
  const Operand b = node.kind == Node::Kind::kCompare ? ValueOf(node.right, row) : Operand{};
  if (a.failed || b.failed) return false;
  return LeafHolds(node, row, a, b) != node.negated;
}

}  // namespace vecdb::filter::naive

#endif  // VECDB_FILTER_NAIVE_NODE_H_
