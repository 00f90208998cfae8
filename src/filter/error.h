#ifndef VECDB_FILTER_ERROR_H_
#define VECDB_FILTER_ERROR_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace vecdb::filter {

inline constexpr const char* kTooManyListValues = "a list of more than 1000000 values";

/// InvalidArgument for a mistake at byte `position` of a filter: its line and column, what is
/// wrong, and the line, or the part of a long one that is near, with a caret below.
absl::Status ErrorAt(std::string_view text, size_t position, std::string_view what);

/// The same for the first byte that is not UTF-8, if there is one; each is shown as `?`.
absl::Status CheckUtf8(std::string_view text);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_ERROR_H_
