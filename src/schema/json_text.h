#ifndef VECDB_SCHEMA_JSON_TEXT_H_
#define VECDB_SCHEMA_JSON_TEXT_H_

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>

namespace vecdb::schema {

/// Appends `text`, which is UTF-8, as a JSON string with its quotes.
void AppendJsonString(std::string_view text, std::string* out);

/// Appends a number in the shortest form that reads back as the same number, the sign of a zero
/// included; NaN and Inf, which JSON cannot hold, as null.
template <typename T>
void AppendJsonNumber(T number, std::string* out) {
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(number)) {
      out->append("null");
      return;
    }
  }
  char digits[32];  // a double takes 24 at most
  const auto end = std::to_chars(digits, digits + sizeof(digits), number);
  out->append(digits, end.ptr);
  // "-0" would be an integer, which has no negative zero.
  if constexpr (std::is_floating_point_v<T>) {
    if (number == 0 && std::signbit(number)) out->append(".0");
  }
}

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_JSON_TEXT_H_
