#include "filter/number.h"

#include <cassert>
#include <cmath>

namespace vecdb::filter {
namespace {

// The least double above every int64. Its negative is the lowest int64 itself.
constexpr double kTwo63 = 9223372036854775808.0;

bool InInt64(double value) { return value >= -kTwo63 && value < kTwo63; }

std::variant<int64_t, double> Canonical(double value) {
  if (InInt64(value) && std::trunc(value) == value) return static_cast<int64_t>(value);
  return value;
}

// `real` is no int64, so the two are never equal.
std::strong_ordering CompareToReal(int64_t integer, double real) {
  if (real >= kTwo63) return std::strong_ordering::less;
  if (real < -kTwo63) return std::strong_ordering::greater;
  return integer <= static_cast<int64_t>(std::floor(real)) ? std::strong_ordering::less
                                                           : std::strong_ordering::greater;
}

// Total, because both are finite.
std::strong_ordering CompareReals(double a, double b) {
  if (a < b) return std::strong_ordering::less;
  return a > b ? std::strong_ordering::greater : std::strong_ordering::equal;
}

}  // namespace

Number::Number(double value) : value_(Canonical(value)) { assert(std::isfinite(value)); }

double Number::AsDouble() const {
  const double* real = std::get_if<double>(&value_);
  return real != nullptr ? *real : static_cast<double>(AsInt64());
}

std::strong_ordering operator<=>(const Number& a, const Number& b) {
  if (a.is_integer() && b.is_integer()) return a.AsInt64() <=> b.AsInt64();
  if (a.is_integer()) return CompareToReal(a.AsInt64(), b.AsDouble());
  if (b.is_integer()) {
    return std::is_lt(CompareToReal(b.AsInt64(), a.AsDouble())) ? std::strong_ordering::greater
                                                                : std::strong_ordering::less;
  }
  return CompareReals(a.AsDouble(), b.AsDouble());
}

std::optional<int64_t> Floor(const Number& number) {
  if (number.is_integer()) return number.AsInt64();
  if (!InInt64(number.AsDouble())) return std::nullopt;
  return static_cast<int64_t>(std::floor(number.AsDouble()));
}

std::optional<int64_t> Ceil(const Number& number) {
  if (number.is_integer()) return number.AsInt64();
  if (!InInt64(number.AsDouble())) return std::nullopt;
  // Fits: a double that is no integer is below 2^52.
  return static_cast<int64_t>(std::ceil(number.AsDouble()));
}

}  // namespace vecdb::filter
