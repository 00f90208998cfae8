#include "filter/term_builder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "base/utf8.h"
#include "filter/arithmetic.h"
#include "filter/error.h"
#include "filter/print.h"

namespace vecdb::filter {
namespace {

constexpr size_t kShownBytes = 40;

ValueKind KindOfField(DataType type) {
  switch (type) {
    case DataType::kBool:
      return ValueKind::kBool;
    case DataType::kFloat:
    case DataType::kDouble:
      return ValueKind::kReal;
    case DataType::kVarChar:
      return ValueKind::kString;
    case DataType::kJson:
      return ValueKind::kJson;
    default:
      return ValueKind::kInteger;
  }
}

// Null, or why a filter cannot hold `value`. The values of lists are added to `list_values`.
const char* MistakeIn(const FilterValue& value, size_t* list_values) {
  if (const auto* real = value.get_if<double>(); real != nullptr && !std::isfinite(*real)) {
    return "a number that is not finite";
  }
  if (const auto* text = value.get_if<std::string>();
      text != nullptr && !base::IsValidUtf8(*text)) {
    return "a string that is not valid UTF-8";
  }
  const auto* list = value.get_if<FilterValue::List>();
  if (list == nullptr) return nullptr;
  *list_values += list->size();
  if (*list_values > kMaxFilterListValues) return kTooManyListValues;
  for (const FilterValue& element : *list) {
    if (const char* mistake = MistakeIn(element, list_values); mistake != nullptr) return mistake;
  }
  return nullptr;
}

int DepthOf(const FilterValue& value) {
  int depth = 0;
  if (const auto* list = value.get_if<FilterValue::List>()) {
    for (const FilterValue& element : *list) depth = std::max(depth, DepthOf(element));
  }
  return depth + 1;
}

bool MayBeNumber(ValueKind kind) {
  return kind == ValueKind::kInteger || kind == ValueKind::kReal || kind == ValueKind::kJson ||
         kind == ValueKind::kUnknown;
}

Numeric NumericOf(const Term& term) {
  const auto* integer = term.value.get_if<int64_t>();
  return integer != nullptr ? Numeric(*integer) : Numeric(*term.value.get_if<double>());
}

bool IsConstant(const Term& term) {
  return term.kind == Term::Kind::kConstant && term.values != ValueKind::kUnknown;
}

ValueKind KindOfResult(Operator op, const std::vector<Term>& operands) {
  const auto any = [&operands](ValueKind kind) {
    return std::any_of(operands.begin(), operands.end(),
                       [kind](const Term& operand) { return operand.values == kind; });
  };
  if (any(ValueKind::kUnknown)) return ValueKind::kUnknown;
  if (any(ValueKind::kJson)) return ValueKind::kJson;
  return any(ValueKind::kReal) || op == Operator::kPower ? ValueKind::kReal : ValueKind::kInteger;
}

Term ConstantTerm(const std::optional<Numeric>& result) {
  Term term;
  if (!result.has_value()) {
    term.kind = Term::Kind::kNever;
    term.values = ValueKind::kReal;
    return term;
  }
  term.value = std::visit([](auto number) { return FilterValue(number); }, *result);
  term.values = KindOf(term.value);
  return term;
}

// How many letters have to be put in, taken out or changed.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t corner = row[0]++;
    for (size_t n = 0; n < b.size(); ++n) {
      const size_t changed = corner + (a[i] == b[n] ? 0 : 1);
      corner = row[n + 1];
      row[n + 1] = std::min({changed, row[n] + 1, corner + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string Describe(const Term& term) {
  switch (term.kind) {
    case Term::Kind::kField:
      return base::StrFormat("%s field \"%s\"", DataTypeName(term.type), term.name);
    case Term::Kind::kJson:
      return absl::StrCat(term.steps.empty() ? "Json field " : "", TermText(term));
    case Term::Kind::kConstant: {
      const std::string text = ValueText(term.value);
      if (term.values == ValueKind::kUnknown) return "a parameter";
      if (term.values == ValueKind::kList || text.size() > kShownBytes) {
        return term.values == ValueKind::kList ? "a list" : "a string";
      }
      return text;
    }
    default:
      return "arithmetic";
  }
}

absl::Status TermBuilder::Wrong(const Expr& expr, std::string_view what) const {
  return ErrorAt(text_, expr.position, what);
}

absl::StatusOr<Term> TermBuilder::Build(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kConstant:
      if (expr.negated) return Wrong(expr, "an integer beyond 64 bits");
      return BuildConstant(expr, expr.value);
    case ExprKind::kParameter:
      return BuildParameter(expr);
    case ExprKind::kPath:
      return BuildPath(expr);
    case ExprKind::kNegate:
    case ExprKind::kArithmetic:
      return BuildArithmetic(expr);
    case ExprKind::kNot:
      return Wrong(expr, "`not` binds tighter than operators; write not (...)");
    default:
      return Wrong(expr, "a condition stands where a value belongs");
  }
}

absl::StatusOr<Term> TermBuilder::BuildOperand(const Expr& expr) {
  VECDB_ASSIGN_OR_RETURN(Term term, Build(expr));
  if (term.kind == Term::Kind::kJson && term.steps.empty()) {
    return Wrong(expr,
                 base::StrFormat("Json field \"%s\" as a whole is no value; name a key, as in "
                                 "%s[\"key\"]",
                                 term.name, term.name));
  }
  if (term.values == ValueKind::kList) return Wrong(expr, "a list stands where one value belongs");
  return term;
}

absl::StatusOr<Term> TermBuilder::BuildConstant(const Expr& expr, const FilterValue& value) {
  if (const char* mistake = MistakeIn(value, &list_values_); mistake != nullptr) {
    return Wrong(expr, mistake);
  }
  if (DepthOf(value) > kMaxFilterDepth) return Wrong(expr, "lists nested deeper than 64 levels");
  Term term;
  term.values = KindOf(value);
  term.value = value;
  return term;
}

absl::StatusOr<Term> TermBuilder::BuildParameter(const Expr& expr) {
  if (parameters_ == nullptr) {
    Term term;
    term.values = ValueKind::kUnknown;
    return term;
  }
  const auto found = parameters_->find(expr.name);
  if (found == parameters_->end()) {
    return Wrong(expr, base::StrFormat("parameter {%s} has no value", expr.name));
  }
  return BuildConstant(expr, found->second);
}

absl::Status TermBuilder::UnknownField(const Expr& expr) const {
  if (expr.name == kDynamicFieldName) {
    return Wrong(expr, "the schema has no dynamic fields, so there is no $meta");
  }
  const std::string* nearest = nullptr;
  size_t least = expr.name.size() / 2 + 1;
  for (const FieldSpec& field : schema_.fields) {
    // A long name is near to none, which is known without the work for it.
    if (expr.name.size() >= field.name.size() + least) continue;
    const size_t distance = Distance(expr.name, field.name);
    if (distance < least) {
      least = distance;
      nearest = &field.name;
    }
  }
  return Wrong(expr, base::StrFormat("unknown field \"%s\"%s", expr.name,
                                     nearest == nullptr
                                         ? std::string()
                                         : base::StrFormat("; did you mean \"%s\"?", *nearest)));
}

absl::StatusOr<Term> TermBuilder::BuildPath(const Expr& expr) const {
  Term term;
  term.name = expr.name;
  term.steps = expr.steps;
  const auto found = schema_.FindField(expr.name);
  if (found.has_value()) {
    term.column = *found;
    term.type = schema_.fields[*found].type;
  } else {
    if (!schema_.enable_dynamic_field) return UnknownField(expr);
    term.column = schema_.fields.size();
    term.type = DataType::kJson;
    term.name = kDynamicFieldName;
    if (expr.name != kDynamicFieldName) term.steps.insert(term.steps.begin(), expr.name);
  }
  if (term.type == DataType::kFloatVector) {
    return Wrong(expr,
                 base::StrFormat("FloatVector field \"%s\" cannot be in a filter", term.name));
  }
  if (term.type != DataType::kJson && !term.steps.empty()) {
    return Wrong(expr, base::StrFormat("%s field \"%s\" has no keys; only Json fields have",
                                       DataTypeName(term.type), term.name));
  }
  term.kind = term.type == DataType::kJson ? Term::Kind::kJson : Term::Kind::kField;
  term.values = KindOfField(term.type);
  return term;
}

absl::StatusOr<Term> TermBuilder::BuildArithmetic(const Expr& expr) {
  Term term;
  for (const Expr& child : expr.children) {
    VECDB_ASSIGN_OR_RETURN(Term operand, BuildOperand(child));
    if (!MayBeNumber(operand.values)) {
      return Wrong(child, base::StrFormat("%s is no number", Describe(operand)));
    }
    term.operands.push_back(std::move(operand));
  }
  const auto& operands = term.operands;
  const bool negates = expr.kind == ExprKind::kNegate;
  for (const Term& operand : operands) {
    if (operand.kind == Term::Kind::kNever) return ConstantTerm(std::nullopt);
  }
  if (std::all_of(operands.begin(), operands.end(), IsConstant)) {
    return ConstantTerm(negates ? Negate(NumericOf(operands[0]))
                                : Apply(expr.op, NumericOf(operands[0]), NumericOf(operands[1])));
  }
  term.kind = negates ? Term::Kind::kNegate : Term::Kind::kArithmetic;
  term.op = expr.op;
  term.values = KindOfResult(negates ? Operator::kSubtract : expr.op, operands);
  return term;
}

}  // namespace vecdb::filter
