#include "filter/build.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "filter/combine.h"
#include "filter/print.h"
#include "filter/term_builder.h"

namespace vecdb::filter {
namespace {

constexpr size_t kMaxLikeWork = size_t{1} << 26;

bool IsNumber(ValueKind kind) { return kind == ValueKind::kInteger || kind == ValueKind::kReal; }

bool IsEquality(Operator op) { return op == Operator::kEqual || op == Operator::kNotEqual; }

// Not (a op b) is a op' b, where both have an order.
Operator Opposite(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return Operator::kNotEqual;
    case Operator::kNotEqual:
      return Operator::kEqual;
    case Operator::kLess:
      return Operator::kGreaterEqual;
    case Operator::kLessEqual:
      return Operator::kGreater;
    case Operator::kGreater:
      return Operator::kLessEqual;
    default:
      return Operator::kLess;
  }
}

Number NumberOf(const FilterValue& value) {
  const auto* integer = value.get_if<int64_t>();
  return integer != nullptr ? Number(*integer) : Number(*value.get_if<double>());
}

// Values of a Float field are compared with the nearest float, so that 0.1 is found; with the
// number itself where that is infinite. An integer must not be rounded to a double on the way.
Number RoundFor(const Term& term, const Number& number) {
  if (term.kind != Term::Kind::kField || term.type != DataType::kFloat) return number;
  const float nearest = number.is_integer() ? static_cast<float>(number.AsInt64())
                                            : static_cast<float>(number.AsDouble());
  return std::isfinite(nearest) ? Number(static_cast<double>(nearest)) : number;
}

template <typename T>
IntervalSet<T> IntervalsOf(Operator op, T value) {
  switch (op) {
    case Operator::kLess:
    case Operator::kLessEqual:
      return IntervalSet<T>::Below(std::move(value), op == Operator::kLessEqual);
    case Operator::kGreater:
    case Operator::kGreaterEqual:
      return IntervalSet<T>::Above(std::move(value), op == Operator::kGreaterEqual);
    default:
      return IntervalSet<T>::Point(std::move(value));
  }
}

// What `term` is when `term op value` holds; != is not for this.
ValueSet SetOf(const Term& term, Operator op, const FilterValue& value) {
  ValueSet set;
  if (const auto* boolean = value.get_if<bool>()) {
    set.bools = *boolean ? ValueSet::kTrue : ValueSet::kFalse;
  } else if (const auto* text = value.get_if<std::string>()) {
    set.strings = IntervalsOf(op, *text);
  } else {
    set.numbers = IntervalsOf(op, RoundFor(term, NumberOf(value)));
  }
  return set;
}

IntervalSet<std::string> PrefixRange(const std::string& prefix) {
  if (prefix.empty()) return IntervalSet<std::string>::All();
  std::optional<std::string> beyond = BeyondPrefix(prefix);
  return beyond.has_value()
             ? IntervalSet<std::string>::Between(prefix, true, *std::move(beyond), false)
             : IntervalSet<std::string>::Above(prefix, true);
}

bool Holds(Operator op, std::strong_ordering order) {
  switch (op) {
    case Operator::kEqual:
      return order == 0;
    case Operator::kNotEqual:
      return order != 0;
    case Operator::kLess:
      return order < 0;
    case Operator::kLessEqual:
      return order <= 0;
    case Operator::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

// Of two constants of one kind.
std::strong_ordering Order(const FilterValue& a, const FilterValue& b) {
  if (const auto* boolean = a.get_if<bool>()) return *boolean <=> *b.get_if<bool>();
  if (const auto* text = a.get_if<std::string>()) {
    return text->compare(*b.get_if<std::string>()) <=> 0;
  }
  return NumberOf(a) <=> NumberOf(b);
}

bool Fit(ValueKind a, ValueKind b) {
  return a == b || (IsNumber(a) && IsNumber(b)) || a == ValueKind::kJson || b == ValueKind::kJson ||
         a == ValueKind::kUnknown || b == ValueKind::kUnknown;
}

std::string CannotCompare(const Term& a, const Term& b) {
  return base::StrFormat("%s cannot be compared with %s", Describe(a), Describe(b));
}

// Lists among the values of a list.
size_t CountLists(const FilterValue& list) {
  const auto& values = *list.get_if<FilterValue::List>();
  return static_cast<size_t>(std::count_if(
      values.begin(), values.end(),
      [](const FilterValue& value) { return value.get_if<FilterValue::List>() != nullptr; }));
}

class NodeBuilder {
 public:
  NodeBuilder(std::string_view text, const Schema& schema, const FilterParameters* parameters)
      : terms_(text, schema, parameters) {}

  absl::StatusOr<Node> BuildWhole(const Expr& expr) {
    const auto* constant = expr.value.get_if<bool>();
    if (expr.kind == ExprKind::kConstant && constant != nullptr) return ConstantNode(*constant);
    return Build(expr, false);
  }

 private:
  // The condition, or its opposite.
  absl::StatusOr<Node> Build(const Expr& expr, bool negated) {
    switch (expr.kind) {
      case ExprKind::kCompare:
        return BuildCompare(expr, expr.children[0], expr.op, expr.children[1], negated);
      case ExprKind::kRange:
        return BuildRange(expr, negated);
      case ExprKind::kIn:
        return BuildIn(expr, negated != expr.negated);
      case ExprKind::kLike:
        return BuildLike(expr, negated);
      case ExprKind::kExists:
        return BuildExists(expr, negated);
      case ExprKind::kContains:
        return BuildContains(expr, negated);
      case ExprKind::kNot:
        return Build(expr.children[0], !negated);
      case ExprKind::kAnd:
      case ExprKind::kOr:
        return BuildJunction(expr, negated);
      default:
        return BuildField(expr, negated);
    }
  }

  // not (a and b) is (not a) or (not b).
  absl::StatusOr<Node> BuildJunction(const Expr& expr, bool negated) {
    std::vector<Node> conditions;
    for (const Expr& child : expr.children) {
      VECDB_ASSIGN_OR_RETURN(Node condition, Build(child, negated));
      conditions.push_back(std::move(condition));
    }
    const bool is_and = (expr.kind == ExprKind::kAnd) != negated;
    return Combine(is_and ? Node::Kind::kAnd : Node::Kind::kOr, std::move(conditions));
  }

  absl::StatusOr<Node> BuildRange(const Expr& expr, bool negated) {
    VECDB_ASSIGN_OR_RETURN(
        Node low, BuildCompare(expr, expr.children[0], expr.op, expr.children[1], negated));
    VECDB_ASSIGN_OR_RETURN(
        Node high, BuildCompare(expr, expr.children[1], expr.upper_op, expr.children[2], negated));
    std::vector<Node> ends;
    ends.push_back(std::move(low));
    ends.push_back(std::move(high));
    return Combine(negated ? Node::Kind::kOr : Node::Kind::kAnd, std::move(ends));
  }

  // A Bool field is a condition by itself.
  absl::StatusOr<Node> BuildField(const Expr& expr, bool negated) {
    VECDB_ASSIGN_OR_RETURN(Term term, terms_.Build(expr));
    if (term.kind == Term::Kind::kField && term.values == ValueKind::kBool) {
      return Set(std::move(term), {.bools = ValueSet::kTrue}, negated);
    }
    return terms_.Wrong(
        expr, base::StrFormat("%s is no condition; compare it with something", Describe(term)));
  }

  static Node Set(Term term, ValueSet set, bool negated) {
    if (term.kind == Term::Kind::kNever) return ConstantNode(false);
    if (negated) set = Complement(set, UniverseOf(term));
    return SetNode(std::move(term), std::move(set));
  }

  absl::Status CheckComparable(const Expr& expr, const Term& a, Operator op, const Term& b) const {
    if (!Fit(a.values, b.values)) {
      return terms_.Wrong(expr, CannotCompare(a, b));
    }
    if ((a.values == ValueKind::kBool || b.values == ValueKind::kBool) && !IsEquality(op)) {
      return terms_.Wrong(expr, base::StrFormat("Bool values have no order; %s takes == and !=",
                                                Describe(a.values == ValueKind::kBool ? a : b)));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Node> BuildCompare(const Expr& expr, const Expr& left, Operator op,
                                    const Expr& right, bool negated) {
    VECDB_ASSIGN_OR_RETURN(Term a, terms_.BuildOperand(left));
    VECDB_ASSIGN_OR_RETURN(Term b, terms_.BuildOperand(right));
    VECDB_RETURN_IF_ERROR(CheckComparable(expr, a, op, b));
    if (a.values == ValueKind::kUnknown || b.values == ValueKind::kUnknown ||
        a.kind == Term::Kind::kNever || b.kind == Term::Kind::kNever) {
      return ConstantNode(false);
    }
    if (a.kind == Term::Kind::kConstant) {
      if (b.kind == Term::Kind::kConstant) {
        return ConstantNode(Holds(op, Order(a.value, b.value)) != negated);
      }
      std::swap(a, b);
      op = Mirrored(op);
    }
    if (b.kind != Term::Kind::kConstant)
      return CompareTerms(std::move(a), op, std::move(b), negated);
    const bool differs = op == Operator::kNotEqual;
    ValueSet set = SetOf(a, op, b.value);
    return Set(std::move(a), std::move(set), negated != differs);
  }

  // Only the values of Json may lack an order, and keep their `not`.
  static Node CompareTerms(Term a, Operator op, Term b, bool negated) {
    const bool json = a.values == ValueKind::kJson || b.values == ValueKind::kJson;
    if (negated && (!json || IsEquality(op))) {
      op = Opposite(op);
      negated = false;
    }
    const bool mirrored = IsEquality(op)
                              ? TermText(b) < TermText(a)
                              : op == Operator::kGreater || op == Operator::kGreaterEqual;
    if (mirrored) {
      std::swap(a, b);
      op = Mirrored(op);
    }
    Node node;
    node.kind = Node::Kind::kCompare;
    node.negated = negated;
    node.op = op;
    node.term = std::move(a);
    node.right = std::move(b);
    return node;
  }

  absl::StatusOr<Node> BuildIn(const Expr& expr, bool negated) {
    VECDB_ASSIGN_OR_RETURN(Term term, terms_.BuildOperand(expr.children[0]));
    VECDB_ASSIGN_OR_RETURN(const Term list, terms_.Build(expr.children[1]));
    if (list.values == ValueKind::kUnknown) return ConstantNode(false);
    const auto* values = list.value.get_if<FilterValue::List>();
    if (values == nullptr) {
      return terms_.Wrong(expr.children[1], base::StrFormat("%s is no list", Describe(list)));
    }
    std::vector<ValueSet> sets;
    for (const FilterValue& value : *values) {
      VECDB_RETURN_IF_ERROR(CheckElement(expr, term, value, sets.size() + 1));
      sets.push_back(SetOf(term, Operator::kEqual, value));
    }
    if (term.values == ValueKind::kUnknown) return ConstantNode(false);
    if (term.kind == Term::Kind::kConstant) return Within(term, *values, negated);
    return Set(std::move(term), UnionOf(std::move(sets)), negated);
  }

  // `number` counts from 1.
  absl::Status CheckElement(const Expr& expr, const Term& term, const FilterValue& value,
                            size_t number) const {
    Term element;
    element.values = KindOf(value);
    if (element.values == ValueKind::kList) {
      return terms_.Wrong(expr.children[1],
                          base::StrFormat("element %d: a list within the list", number));
    }
    if (Fit(term.values, element.values)) return absl::OkStatus();
    element.value = value;
    return terms_.Wrong(expr.children[1],
                        base::StrFormat("element %d: %s", number, CannotCompare(term, element)));
  }

  // A constant in a list.
  static Node Within(const Term& constant, const FilterValue::List& values, bool negated) {
    bool found = false;
    for (const FilterValue& value : values) found |= Order(constant.value, value) == 0;
    return ConstantNode(found != negated);
  }

  absl::StatusOr<Node> BuildLike(const Expr& expr, bool negated) {
    VECDB_ASSIGN_OR_RETURN(Term term, terms_.BuildOperand(expr.children[0]));
    VECDB_ASSIGN_OR_RETURN(const Term text, terms_.Build(expr.children[1]));
    if (!Fit(term.values, ValueKind::kString)) {
      return terms_.Wrong(expr.children[0],
                          base::StrFormat("%s is no text; `like` takes text", Describe(term)));
    }
    if (text.values != ValueKind::kString && text.values != ValueKind::kUnknown) {
      return terms_.Wrong(expr.children[1], base::StrFormat("%s is no pattern", Describe(text)));
    }
    if (term.values == ValueKind::kUnknown || text.values == ValueKind::kUnknown) {
      return ConstantNode(false);
    }
    auto pattern = LikePattern::Parse(*text.value.get_if<std::string>());
    if (!pattern.has_value()) {
      return terms_.Wrong(expr.children[1], "the pattern ends in a backslash; write \\\\");
    }
    const size_t underscores = pattern->CountUnderscores();
    if (pattern->has_percent() && underscores > kMaxFilterLikeUnderscores) {
      return terms_.Wrong(expr.children[1],
                          base::StrFormat("a pattern with %% and %d _; with %% at most %d",
                                          underscores, kMaxFilterLikeUnderscores));
    }
    if (term.kind == Term::Kind::kConstant) return MatchConstant(expr, term, *pattern, negated);
    return Like(std::move(term), *std::move(pattern), negated);
  }

  // Nobody can cancel this, so it must not take long.
  absl::StatusOr<Node> MatchConstant(const Expr& expr, const Term& constant,
                                     const LikePattern& pattern, bool negated) {
    const auto& text = *constant.value.get_if<std::string>();
    const size_t cost = pattern.CostPerByte();
    if (cost > 1) like_work_ += text.size() * cost;
    if (like_work_ > kMaxLikeWork) {
      return terms_.Wrong(
          expr.children[0],
          base::StrFormat(
              "a constant of %d bytes, and a pattern with _ between two %% that may take "
              "%d steps for each; the limit is %d steps in a filter",
              text.size(), cost, kMaxLikeWork));
    }
    return ConstantNode(pattern.Matches(text) != negated);
  }

  // A pattern without wildcards is a value, one that ends in the only % a range.
  static Node Like(Term term, LikePattern pattern, bool negated) {
    ValueSet set;
    if (const auto literal = pattern.AsLiteral(); literal.has_value()) {
      set.strings = IntervalSet<std::string>::Point(*literal);
      return Set(std::move(term), std::move(set), negated);
    }
    if (const auto prefix = pattern.AsPrefix(); prefix.has_value()) {
      set.strings = PrefixRange(*prefix);
      return Set(std::move(term), std::move(set), negated);
    }
    Node node;
    node.kind = Node::Kind::kLike;
    node.negated = negated;
    node.term = std::move(term);
    node.pattern = std::move(pattern);
    return node;
  }

  absl::StatusOr<Node> BuildExists(const Expr& expr, bool negated) {
    VECDB_ASSIGN_OR_RETURN(Term term, terms_.Build(expr.children[0]));
    if (term.kind != Term::Kind::kJson || term.steps.empty()) {
      return terms_.Wrong(
          expr.children[0],
          base::StrFormat("%s always exists; `exists` takes a value within a Json field",
                          Describe(term)));
    }
    Node node;
    node.kind = Node::Kind::kExists;
    node.negated = negated;
    node.term = std::move(term);
    return node;
  }

  absl::StatusOr<Node> BuildContains(const Expr& expr, bool negated) {
    VECDB_ASSIGN_OR_RETURN(Term term, terms_.Build(expr.children[0]));
    VECDB_ASSIGN_OR_RETURN(Term value, terms_.Build(expr.children[1]));
    if (term.kind != Term::Kind::kJson) {
      return terms_.Wrong(expr.children[0],
                          base::StrFormat("%s is no array; %s takes a Json field or a value in one",
                                          Describe(term), QuantifierText(expr.quantifier)));
    }
    if (value.values == ValueKind::kUnknown) return ConstantNode(false);
    if (expr.quantifier != Quantifier::kOne && value.values != ValueKind::kList) {
      return terms_.Wrong(expr.children[1],
                          base::StrFormat("%s is no list; %s takes one", Describe(value),
                                          QuantifierText(expr.quantifier)));
    }
    if (expr.quantifier != Quantifier::kOne && CountLists(value.value) > kMaxFilterNestedLists) {
      return terms_.Wrong(
          expr.children[1],
          base::StrFormat("%d lists within the list; %s takes at most %d", CountLists(value.value),
                          QuantifierText(expr.quantifier), kMaxFilterNestedLists));
    }
    Node node;
    node.kind = Node::Kind::kContains;
    node.negated = negated;
    node.quantifier = expr.quantifier;
    node.term = std::move(term);
    node.value = std::move(value.value);
    return node;
  }

  TermBuilder terms_;
  size_t like_work_ = 0;  // steps that constants may take to meet their patterns
};

}  // namespace

absl::StatusOr<Node> BuildNode(const Expr& expr, std::string_view text, const Schema& schema,
                               const FilterParameters* parameters) {
  return NodeBuilder(text, schema, parameters).BuildWhole(expr);
}

}  // namespace vecdb::filter
