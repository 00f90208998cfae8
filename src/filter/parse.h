#ifndef VECDB_FILTER_PARSE_H_
#define VECDB_FILTER_PARSE_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "filter/expr.h"

namespace vecdb::filter {

/// Parses a filter that is not empty. Knows no schema: what the names mean and whether the kinds
/// fit is for CheckFilter. InvalidArgument with the place and what was expected, for text that is
/// no filter, is longer than kMaxFilterBytes, has more parts than kMaxFilterNodes, is nested deeper
/// than kMaxFilterDepth, has a longer list than kMaxFilterListValues, or is not valid UTF-8.
absl::StatusOr<Expr> ParseFilter(std::string_view text);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_PARSE_H_
