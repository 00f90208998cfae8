#ifndef VECDB_BASE_JSON_CHECK_H_
#define VECDB_BASE_JSON_CHECK_H_

#include <string_view>

#include "absl/status/status.h"

namespace vecdb::base {

/// How deep arrays and objects may lie in each other in any JSON that the library reads.
inline constexpr int kMaxJsonDepth = 32;

/// Looks over JSON from outside before nlohmann's parser sees it. InvalidArgument with the reason,
/// for the caller to wrap, when `text`
///   - holds a NUL byte, which that parser takes for the end of the text, or begins with a byte
///   order
///     mark, which it skips;
///   - has more than `max_depth` arrays and objects open at once: trees are walked recursively, and
///   a
///     hostile text could overflow the stack. `1` has depth 0, `[1]` depth 1; brackets within
///     strings do not count.
///
/// One pass, no allocation. OK says nothing about whether `text` is JSON; but a parser that stops
/// at the first mistake never goes deeper than what is counted here.
absl::Status PreCheckJson(std::string_view text, int max_depth = kMaxJsonDepth);

}  // namespace vecdb::base

#endif  // VECDB_BASE_JSON_CHECK_H_
