#ifndef VECDB_FILTER_BUILD_H_
#define VECDB_FILTER_BUILD_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "filter/expr.h"
#include "filter/node.h"
#include "vecdb/filter.h"
#include "vecdb/schema.h"

namespace vecdb::filter {

/// What `expr`, which was parsed from `text`, means for rows of `schema`, in normal form.
///
/// Without `parameters` it is checked as far as that can be, and of a condition with parameters the
/// result says nothing. InvalidArgument, with the place in `text`, for an unknown name, kinds that
/// do not fit each other or their operator, a value where a condition belongs or the other way
/// round, a parameter without a value.
absl::StatusOr<Node> BuildNode(const Expr& expr, std::string_view text, const Schema& schema,
                               const FilterParameters* parameters);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_BUILD_H_
