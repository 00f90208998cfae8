#ifndef VECDB_FILTER_CONDITION_H_
#define VECDB_FILTER_CONDITION_H_

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "filter/expr.h"
#include "filter/node.h"
#include "vecdb/filter.h"
#include "vecdb/schema.h"

namespace vecdb::filter {

class Program;

/// What a Filter holds: a condition on the rows of one schema, with parameters to be bound, or
/// ready to be evaluated. Immutable, hence thread-safe.
class Condition {
 public:
  using Pointer = std::shared_ptr<const Condition>;

  /// `text` is not empty. Errors as Filter::Parse.
  static absl::StatusOr<Pointer> Parse(const Schema& schema, std::string_view text);

  /// Errors as Filter::Bind.
  absl::StatusOr<Pointer> Bind(const FilterParameters& parameters) const;

  /// Names of the parameters that have no values.
  const std::set<std::string>& parameters() const { return parameters_; }

  /// Null while parameters are to be bound.
  const Node* node() const { return parameters_.empty() ? &node_ : nullptr; }

  /// `node` ready to be evaluated; null as that is.
  const Program* program() const { return program_.get(); }

  /// `node` as text, "" when every row matches; "" while parameters are to be bound.
  const std::string& normal_form() const { return normal_form_; }

  std::string ToString() const;

 private:
  Condition() = default;
  void MakeReady();

  // As it was written, while parameters are to be bound.
  std::string text_;
  std::shared_ptr<const Schema> schema_;
  Expr expr_;
  std::set<std::string> parameters_;

  Node node_;
  std::shared_ptr<const Program> program_;
  std::string normal_form_;
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_CONDITION_H_
