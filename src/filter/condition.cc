#include "filter/condition.h"

#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "filter/build.h"
#include "filter/parse.h"
#include "filter/print.h"
#include "filter/program.h"

namespace vecdb::filter {
namespace {

void CollectParameters(const Expr& expr, std::set<std::string>* names) {
  if (expr.kind == ExprKind::kParameter) names->insert(expr.name);
  for (const Expr& child : expr.children) CollectParameters(child, names);
}

}  // namespace

absl::StatusOr<Condition::Pointer> Condition::Parse(const Schema& schema, std::string_view text) {
  std::shared_ptr<Condition> condition(new Condition());
  VECDB_ASSIGN_OR_RETURN(Expr expr, ParseFilter(text));
  CollectParameters(expr, &condition->parameters_);
  VECDB_ASSIGN_OR_RETURN(condition->node_, BuildNode(expr, text, schema, nullptr));
  if (!condition->parameters_.empty()) {
    condition->text_ = text;
    condition->schema_ = std::make_shared<const Schema>(schema);
    condition->expr_ = std::move(expr);
  } else {
    condition->MakeReady();
  }
  return condition;
}

absl::StatusOr<Condition::Pointer> Condition::Bind(const FilterParameters& parameters) const {
  for (const auto& [name, value] : parameters) {
    if (parameters_.contains(name)) continue;
    return absl::InvalidArgumentError(base::StrFormat("filter: it has no parameter {%s}", name));
  }
  std::shared_ptr<Condition> bound(new Condition());
  if (parameters_.empty()) {
    bound->node_ = node_;
    bound->program_ = program_;
    bound->normal_form_ = normal_form_;
  } else {
    VECDB_ASSIGN_OR_RETURN(bound->node_, BuildNode(expr_, text_, *schema_, &parameters));
    bound->MakeReady();
  }
  return bound;
}

void Condition::MakeReady() {
  program_ = Program::Make(node_);
  if (node_.kind != Node::Kind::kTrue) normal_form_ = NodeText(node_);
}

std::string Condition::ToString() const {
  return parameters_.empty() ? normal_form_ : ExprText(expr_);
}

}  // namespace vecdb::filter
