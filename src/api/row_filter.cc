#include "vecdb/row_filter.h"

#include "base/status_macros.h"
#include "base/str_format.h"
#include "filter/condition.h"
#include "filter/node.h"

namespace vecdb {
namespace {

absl::Status Foreign(const filter::Term& term) {
  return absl::InvalidArgumentError(
      base::StrFormat("filter: it was parsed for another schema, with a field \"%s\" of type %s",
                      term.name, DataTypeName(term.type)));
}

// Whether the fields of a filter that was parsed at some time are those of `schema`.
absl::Status CheckFits(const filter::Term& term, const Schema& schema) {
  if (term.kind == filter::Term::Kind::kField || term.kind == filter::Term::Kind::kJson) {
    const bool dynamic = schema.enable_dynamic_field && term.column == schema.fields.size() &&
                         term.name == kDynamicFieldName;
    const bool declared = term.column < schema.fields.size() &&
                          schema.fields[term.column].name == term.name &&
                          schema.fields[term.column].type == term.type;
    if (!dynamic && !declared) return Foreign(term);
  }
  for (const filter::Term& operand : term.operands) {
    VECDB_RETURN_IF_ERROR(CheckFits(operand, schema));
  }
  return absl::OkStatus();
}

absl::Status CheckFits(const filter::Node& node, const Schema& schema) {
  VECDB_RETURN_IF_ERROR(CheckFits(node.term, schema));
  VECDB_RETURN_IF_ERROR(CheckFits(node.right, schema));
  for (const filter::Node& child : node.children) {
    VECDB_RETURN_IF_ERROR(CheckFits(child, schema));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Filter> RowFilter::Resolve(const Schema& schema) const {
  if (callback() != nullptr) return Filter();
  if (const auto* text = std::get_if<Text>(&value_)) {
    VECDB_ASSIGN_OR_RETURN(const Filter parsed, Filter::Parse(schema, text->text));
    if (text->parameters.empty() && parsed.parameters().empty()) return parsed;
    return parsed.Bind(text->parameters);
  }
  const Filter& filter = *std::get_if<Filter>(&value_);
  if (filter.condition() == nullptr) return filter;
  if (const auto names = filter.parameters(); !names.empty()) {
    return absl::InvalidArgumentError(
        base::StrFormat("filter: parameter {%s} has no value; call Bind", names.front()));
  }
  VECDB_RETURN_IF_ERROR(CheckFits(*filter.condition()->node(), schema));
  return filter;
}

}  // namespace vecdb
