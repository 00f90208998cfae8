#ifndef VECDB_FILTER_LITERAL_H_
#define VECDB_FILTER_LITERAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "vecdb/filter.h"

namespace vecdb::filter {

/// The integer 2^63, which is a number only behind a minus.
struct MinusOnly {};

/// A number as the grammar lets it through: decimal, octal (0...), hexadecimal (0x...) or binary
/// (0b...) integers; decimal or hexadecimal (0x1.8p3) reals. nullopt for an integer beyond 2^63, a
/// real beyond double, or a digit that is not of the base.
std::optional<std::variant<int64_t, double, MinusOnly>> ParseNumber(std::string_view text);

/// What stands between the quotes, with its escapes decoded: \n \t \r \b \f \\ \" \' \/ \xHH (up to
/// 7f) \uHHHH (with surrogate pairs). \% and \_ stay as they are, for `like`. An error is the
/// reason and where in `body`.
struct StringError {
  size_t position = 0;
  const char* what = "";
};
std::variant<std::string, StringError> DecodeString(std::string_view body);

/// A string that DecodeString reads back, with quotes.
std::string QuoteString(std::string_view text);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_LITERAL_H_
