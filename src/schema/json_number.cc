#include "schema/json_number.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace vecdb::schema {

bool JsonNumber::is_integer() const {
  return kind_ != Kind::kReal || token_.find_first_of(".eE") == std::string_view::npos;
}

std::optional<int64_t> JsonNumber::AsInt64() const {
  if (kind_ == Kind::kSigned) return signed_;
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (kind_ == Kind::kReal || unsigned_ > kMax) return std::nullopt;
  return static_cast<int64_t>(unsigned_);
}

template <typename T>
std::optional<T> JsonNumber::AsReal() const {
  // The parser reports "-0" alone as a signed zero.
  if (kind_ == Kind::kSigned) return signed_ == 0 ? -T{0} : static_cast<T>(signed_);
  if (kind_ == Kind::kUnsigned) return static_cast<T>(unsigned_);
  T value = 0;
  const char* const begin = token_.data();
  const char* const end = begin + token_.size();
  // Not by way of double, which would round twice.
  if (std::from_chars(begin, end, value).ec == std::errc()) {
    return std::isfinite(value) ? std::optional<T>(value) : std::nullopt;
  }
  // Out of range at one end or the other. The parser has refused what is too large for a double, so
  // what does not fit a double is too small.
  double wide = 0;
  const bool fits = std::from_chars(begin, end, wide).ec == std::errc();
  if (fits && std::abs(wide) > 1) return std::nullopt;
  return *begin == '-' ? -T{0} : T{0};
}

template std::optional<float> JsonNumber::AsReal<float>() const;
template std::optional<double> JsonNumber::AsReal<double>() const;

std::string JsonNumber::ToString() const {
  if (kind_ == Kind::kSigned) return signed_ == 0 ? "-0" : std::to_string(signed_);
  if (kind_ == Kind::kUnsigned) return std::to_string(unsigned_);
  return std::string(token_);
}

}  // namespace vecdb::schema
