#include "vecdb/filter.h"

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "filter/condition.h"

namespace vecdb {

absl::StatusOr<Filter> Filter::Parse(const Schema& schema, std::string_view text) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<Filter> {
    VECDB_RETURN_IF_ERROR(schema.Validate());
    if (text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos) return Filter();
    VECDB_ASSIGN_OR_RETURN(auto condition, filter::Condition::Parse(schema, text));
    return Filter(std::move(condition));
  });
}

absl::StatusOr<Filter> Filter::Bind(const FilterParameters& parameters) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<Filter> {
    if (condition_ == nullptr) {
      if (parameters.empty()) return Filter();
      return absl::InvalidArgumentError("filter: it has no parameters");
    }
    VECDB_ASSIGN_OR_RETURN(auto bound, condition_->Bind(parameters));
    return Filter(std::move(bound));
  });
}

std::vector<std::string> Filter::parameters() const {
  if (condition_ == nullptr) return {};
  return {condition_->parameters().begin(), condition_->parameters().end()};
}

std::string Filter::ToString() const {
  return condition_ == nullptr ? std::string() : condition_->ToString();
}

}  // namespace vecdb
