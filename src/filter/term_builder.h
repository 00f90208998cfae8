#ifndef VECDB_FILTER_TERM_BUILDER_H_
#define VECDB_FILTER_TERM_BUILDER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "filter/expr.h"
#include "filter/node.h"
#include "vecdb/filter.h"
#include "vecdb/schema.h"

namespace vecdb::filter {

/// Finds out what the values of a filter mean. Borrows everything. Thread-compatible.
class TermBuilder {
 public:
  TermBuilder(std::string_view text, const Schema& schema, const FilterParameters* parameters)
      : text_(text), schema_(schema), parameters_(parameters) {}

  /// The value that `expr` stands for, with constants put together. It may be all of a Json field,
  /// or a list.
  absl::StatusOr<Term> Build(const Expr& expr);

  /// The same for an operand of a comparison or of arithmetic: a value with a kind of its own, or
  /// one within a Json field.
  absl::StatusOr<Term> BuildOperand(const Expr& expr);

  /// InvalidArgument for a mistake at `expr`.
  absl::Status Wrong(const Expr& expr, std::string_view what) const;

 private:
  absl::StatusOr<Term> BuildConstant(const Expr& expr, const FilterValue& value);
  absl::StatusOr<Term> BuildParameter(const Expr& expr);
  absl::StatusOr<Term> BuildPath(const Expr& expr) const;
  absl::StatusOr<Term> BuildArithmetic(const Expr& expr);
  absl::Status UnknownField(const Expr& expr) const;

  const std::string_view text_;
  const Schema& schema_;
  const FilterParameters* parameters_;
  size_t list_values_ = 0;  // in the lists built so far, and in lists within them
};

/// For messages: `Int64 field "a"`, `the string "x"`, `a number`.
std::string Describe(const Term& term);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_TERM_BUILDER_H_
