#include "filter/print.h"

#include <array>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "filter/literal.h"

namespace vecdb::filter {
namespace {

// How tightly a text holds together.
enum class Strength { kOr, kAnd, kComparison, kSum, kProduct, kSign, kPower, kOperand };

// A text, and how tightly it holds together.
struct Printed {
  std::string text;
  Strength strength = Strength::kOperand;
};

std::string Within(Printed printed, Strength least) {
  return printed.strength >= least ? std::move(printed.text) : absl::StrCat("(", printed.text, ")");
}

Strength StrengthOf(Operator op) {
  switch (op) {
    case Operator::kAdd:
    case Operator::kSubtract:
      return Strength::kSum;
    case Operator::kMultiply:
    case Operator::kDivide:
    case Operator::kModulo:
      return Strength::kProduct;
    case Operator::kPower:
      return Strength::kPower;
    default:
      return Strength::kComparison;
  }
}

// Operators of one strength are taken from the left.
Printed Infix(Printed left, Operator op, Printed right) {
  const Strength strength = StrengthOf(op);
  const auto tighter = static_cast<Strength>(static_cast<int>(strength) + 1);
  return {absl::StrCat(Within(std::move(left), strength), " ", OperatorText(op), " ",
                       Within(std::move(right), tighter)),
          strength};
}

Printed Signed(Printed operand) {
  return {absl::StrCat("-", Within(std::move(operand), Strength::kSign)), Strength::kSign};
}

// The shortest text that reads back as `value`.
template <typename Real>
std::string RealText(Real value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string StepsText(const std::vector<PathStep>& steps) {
  std::string text;
  for (const PathStep& step : steps) {
    const auto* key = std::get_if<std::string>(&step);
    absl::StrAppend(&text, "[",
                    key != nullptr ? QuoteString(*key) : absl::StrCat(std::get<int64_t>(step)),
                    "]");
  }
  return text;
}

Printed PrintConstant(const FilterValue& value) {
  std::string text = ValueText(value);
  const bool negative = text.front() == '-';
  return {std::move(text), negative ? Strength::kSign : Strength::kOperand};
}

Printed PrintTerm(const Term& term) {
  switch (term.kind) {
    case Term::Kind::kConstant:
      return PrintConstant(term.value);
    case Term::Kind::kNegate:
      return Signed(PrintTerm(term.operands[0]));
    case Term::Kind::kArithmetic:
      return Infix(PrintTerm(term.operands[0]), term.op, PrintTerm(term.operands[1]));
    default:
      return {absl::StrCat(term.name, StepsText(term.steps))};
  }
}

// ---- sets

// Prints that a term is in a set: single values in a list, the rest as ranges, or what is missing,
// when that is told more shortly.
class SetPrinter {
 public:
  explicit SetPrinter(const Term& term)
      : text_(Within(PrintTerm(term), Strength::kSum)),
        is_float_(term.kind == Term::Kind::kField && term.type == DataType::kFloat) {}

  Printed Print(const ValueSet& set, const Universe& universe) const {
    const ValueSet rest = Complement(set, universe);
    const size_t points = set.NumPoints();
    if (rest.is_points() && (points == 0 || rest.NumPoints() < points)) {
      return {PointsText(Split(rest).points, false), Strength::kComparison};
    }
    if (!set.other) return PrintPieces(Split(set));
    // Every value: what matters is that there is one.
    if (rest.is_empty()) {
      return {absl::StrCat(text_, " == 0 or ", text_, " != 0"), Strength::kOr};
    }
    return {absl::StrCat("not (", PrintPieces(Split(rest)).text, ")"), Strength::kSign};
  }

 private:
  struct Pieces {
    std::vector<std::string> points{};
    std::vector<std::string> ranges{};
  };

  Pieces Split(const ValueSet& set) const {
    Pieces pieces;
    if ((set.bools & ValueSet::kFalse) != 0) pieces.points.emplace_back("false");
    if ((set.bools & ValueSet::kTrue) != 0) pieces.points.emplace_back("true");
    SplitIntervals(set.numbers, Number(int64_t{0}), &pieces);
    SplitIntervals(set.strings, std::string(), &pieces);
    return pieces;
  }

  // All values of a kind are told by two halves, since the term may have others.
  template <typename T>
  void SplitIntervals(const IntervalSet<T>& set, const T& middle, Pieces* pieces) const {
    if (set.is_all()) {
      pieces->ranges.push_back(absl::StrCat(text_, " < ", TextOf(middle)));
      pieces->ranges.push_back(absl::StrCat(text_, " >= ", TextOf(middle)));
      return;
    }
    for (const auto& interval : set.intervals()) {
      if (interval.is_point()) {
        pieces->points.push_back(TextOf(*interval.low));
      } else {
        pieces->ranges.push_back(RangeText(interval));
      }
    }
  }

  std::string TextOf(const std::string& text) const { return QuoteString(text); }
  std::string TextOf(const Number& number) const {
    if (number.is_integer()) return absl::StrCat(number.AsInt64());
    const double value = number.AsDouble();
    const auto nearest = static_cast<float>(value);
    return is_float_ && static_cast<double>(nearest) == value ? RealText(nearest) : RealText(value);
  }

  template <typename Interval>
  std::string RangeText(const Interval& interval) const {
    const auto less = [](bool closed) { return closed ? " <= " : " < "; };
    if (!interval.low.has_value()) {
      return absl::StrCat(text_, less(interval.high_closed), TextOf(*interval.high));
    }
    if (!interval.high.has_value()) {
      return absl::StrCat(text_, interval.low_closed ? " >= " : " > ", TextOf(*interval.low));
    }
    return absl::StrCat(TextOf(*interval.low), less(interval.low_closed), text_,
                        less(interval.high_closed), TextOf(*interval.high));
  }

  std::string PointsText(const std::vector<std::string>& points, bool in) const {
    if (points.size() == 1) return absl::StrCat(text_, in ? " == " : " != ", points[0]);
    return absl::StrCat(text_, in ? " in [" : " not in [", absl::StrJoin(points, ", "), "]");
  }

  Printed PrintPieces(Pieces pieces) const {
    if (!pieces.points.empty()) pieces.ranges.push_back(PointsText(pieces.points, true));
    return {absl::StrJoin(pieces.ranges, " or "),
            pieces.ranges.size() == 1 ? Strength::kComparison : Strength::kOr};
  }

  const std::string text_;  // of the term
  const bool is_float_;
};

// ---- conditions

Printed Negated(bool negated, Printed printed) {
  if (!negated) return printed;
  return {absl::StrCat("not (", printed.text, ")"), Strength::kSign};
}

// `within` is what an operand needs to stand without parentheses.
template <typename Children, typename Print>
Printed Junction(const Children& children, bool is_and, Strength within, Print print) {
  std::vector<std::string> texts;
  for (const auto& child : children) texts.push_back(Within(print(child), within));
  return {absl::StrJoin(texts, is_and ? " and " : " or "), is_and ? Strength::kAnd : Strength::kOr};
}

std::string CallText(Quantifier quantifier, const std::string& path, const std::string& value) {
  return absl::StrCat(QuantifierText(quantifier), "(", path, ", ", value, ")");
}

Printed PrintNode(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kFalse:
      return {"false"};
    case Node::Kind::kTrue:
      return {"true"};
    case Node::Kind::kSet:
      return SetPrinter(node.term).Print(node.set, UniverseOf(node.term));
    case Node::Kind::kCompare:
      return Negated(node.negated, Infix(PrintTerm(node.term), node.op, PrintTerm(node.right)));
    case Node::Kind::kLike:
      return Negated(node.negated, {absl::StrCat(Within(PrintTerm(node.term), Strength::kOperand),
                                                 " like ", QuoteString(node.pattern->ToString()))});
    case Node::Kind::kExists:
      return Negated(node.negated, {absl::StrCat("exists ", TermText(node.term))});
    case Node::Kind::kContains:
      return Negated(node.negated,
                     {CallText(node.quantifier, TermText(node.term), ValueText(node.value))});
    default:
      // A set that is printed as several ranges joins an `or` without being one.
      return node.kind == Node::Kind::kAnd
                 ? Junction(node.children, true, Strength::kComparison, PrintNode)
                 : Junction(node.children, false, Strength::kOr, PrintNode);
  }
}

// ---- as it was written

Printed PrintExpr(const Expr& expr);

Printed PrintRange(const Expr& expr) {
  const auto part = [&expr](size_t i) {
    return Within(PrintExpr(expr.children[i]), Strength::kSum);
  };
  return {absl::StrCat(part(0), " ", OperatorText(expr.op), " ", part(1), " ",
                       OperatorText(expr.upper_op), " ", part(2)),
          Strength::kComparison};
}

Printed PrintExpr(const Expr& expr) {
  const auto child = [&expr](size_t i) { return PrintExpr(expr.children[i]); };
  switch (expr.kind) {
    case ExprKind::kConstant:
      return PrintConstant(expr.value);
    case ExprKind::kParameter:
      return {absl::StrCat("{", expr.name, "}")};
    case ExprKind::kPath:
      return {absl::StrCat(expr.name, StepsText(expr.steps))};
    case ExprKind::kNegate:
      return Signed(child(0));
    case ExprKind::kArithmetic:
      return Infix(child(0), expr.op, child(1));
    case ExprKind::kCompare:
      return {absl::StrCat(Within(child(0), Strength::kSum), " ", OperatorText(expr.op), " ",
                           Within(child(1), Strength::kSum)),
              Strength::kComparison};
    case ExprKind::kRange:
      return PrintRange(expr);
    case ExprKind::kIn:
      return {absl::StrCat(Within(child(0), Strength::kSum), expr.negated ? " not in " : " in ",
                           child(1).text),
              Strength::kComparison};
    case ExprKind::kLike:
      return {absl::StrCat(Within(child(0), Strength::kOperand), " like ", child(1).text)};
    case ExprKind::kExists:
      return {absl::StrCat("exists ", child(0).text)};
    case ExprKind::kContains:
      return {CallText(expr.quantifier, child(0).text, child(1).text)};
    case ExprKind::kNot:
      return {absl::StrCat("not (", child(0).text, ")"), Strength::kSign};
    default:
      return expr.kind == ExprKind::kAnd
                 ? Junction(expr.children, true, Strength::kComparison, PrintExpr)
                 : Junction(expr.children, false, Strength::kAnd, PrintExpr);
  }
}

}  // namespace

std::string ValueText(const FilterValue& value) {
  if (const auto* boolean = value.get_if<bool>()) return *boolean ? "true" : "false";
  if (const auto* integer = value.get_if<int64_t>()) return absl::StrCat(*integer);
  if (const auto* real = value.get_if<double>()) return RealText(*real);
  if (const auto* text = value.get_if<std::string>()) return QuoteString(*text);
  const auto* list = value.get_if<FilterValue::List>();
  const auto append = [](std::string* out, const FilterValue& element) {
    absl::StrAppend(out, ValueText(element));
  };
  return absl::StrCat("[", absl::StrJoin(*list, ", ", append), "]");
}

std::string TermText(const Term& term) { return PrintTerm(term).text; }
std::string NodeText(const Node& node) { return PrintNode(node).text; }
std::string ExprText(const Expr& expr) { return PrintExpr(expr).text; }

}  // namespace vecdb::filter
