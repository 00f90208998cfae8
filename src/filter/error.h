#ifndef VECDB_FILTER_ERROR_H_
#define VECDB_FILTER_ERROR_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace vecdb::filter {

/// InvalidArgument for a mistake at byte `position` of a filter: its line and column, what is
/// wrong, and the line, or the part of a long one that is near, with a caret below.
absl::Status ErrorAt(std::string_view text, size_t position, std::string_view what);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_ERROR_H_
