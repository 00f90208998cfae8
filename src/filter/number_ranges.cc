#include "filter/number_ranges.h"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>

#include "filter/value_set.h"

namespace vecdb::filter {
namespace {

template <std::integral T>
std::optional<T> AtLeast(const Number& bound, bool closed) {
  constexpr int64_t kMin = std::numeric_limits<T>::min();
  constexpr int64_t kMax = std::numeric_limits<T>::max();
  if (bound > Number(kMax) || (!closed && bound == Number(kMax))) return std::nullopt;
  if (bound < Number(kMin)) return static_cast<T>(kMin);
  const bool next = bound.is_integer() && !closed;
  return static_cast<T>(*Ceil(bound) + (next ? 1 : 0));
}

template <std::integral T>
std::optional<T> AtMost(const Number& bound, bool closed) {
  constexpr int64_t kMin = std::numeric_limits<T>::min();
  constexpr int64_t kMax = std::numeric_limits<T>::max();
  if (bound < Number(kMin) || (!closed && bound == Number(kMin))) return std::nullopt;
  if (bound > Number(kMax)) return static_cast<T>(kMax);
  const bool next = bound.is_integer() && !closed;
  return static_cast<T>(*Floor(bound) - (next ? 1 : 0));
}

// Infinite when the number is beyond all finite ones, which the ends of a range may be.
template <std::floating_point T>
T Nearest(const Number& number) {
  return number.is_integer() ? static_cast<T>(number.AsInt64()) : static_cast<T>(number.AsDouble());
}

template <std::floating_point T>
std::optional<T> AtLeast(const Number& bound, bool closed) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  const T nearest = Nearest<T>(bound);
  if (nearest == kInfinity) return std::nullopt;
  if (nearest == -kInfinity) return nearest;
  const auto order = Number(static_cast<double>(nearest)) <=> bound;
  const bool within = order > 0 || (order == 0 && closed);
  return within ? nearest : std::nextafter(nearest, kInfinity);
}

template <std::floating_point T>
std::optional<T> AtMost(const Number& bound, bool closed) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  const T nearest = Nearest<T>(bound);
  if (nearest == -kInfinity) return std::nullopt;
  if (nearest == kInfinity) return nearest;
  const auto order = Number(static_cast<double>(nearest)) <=> bound;
  const bool within = order < 0 || (order == 0 && closed);
  return within ? nearest : std::nextafter(nearest, -kInfinity);
}

template <typename T>
constexpr NumberRange<T> AllOf() {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::floating_point<T>) return {-Limits::infinity(), Limits::infinity()};
  return {Limits::lowest(), Limits::max()};
}

}  // namespace

template <typename T>
std::vector<NumberRange<T>> RangesOf(const IntervalSet<Number>& set) {
  std::vector<NumberRange<T>> ranges;
  ranges.reserve(set.intervals().size());
  for (const auto& interval : set.intervals()) {
    std::optional<T> low = AllOf<T>().low;
    std::optional<T> high = AllOf<T>().high;
    if (interval.low.has_value()) low = AtLeast<T>(*interval.low, interval.low_closed);
    if (interval.high.has_value()) high = AtMost<T>(*interval.high, interval.high_closed);
    if (low.has_value() && high.has_value() && *low <= *high) ranges.push_back({*low, *high});
  }
  return ranges;
}

std::vector<NumberRange<uint8_t>> RangesOfBools(uint8_t bools) {
  std::vector<NumberRange<uint8_t>> ranges;
  if ((bools & ValueSet::kFalse) != 0) ranges.push_back({0, 0});
  if ((bools & ValueSet::kTrue) != 0) ranges.push_back({1, 1});
  return ranges;
}

template std::vector<NumberRange<int8_t>> RangesOf(const IntervalSet<Number>&);
template std::vector<NumberRange<int16_t>> RangesOf(const IntervalSet<Number>&);
template std::vector<NumberRange<int32_t>> RangesOf(const IntervalSet<Number>&);
template std::vector<NumberRange<int64_t>> RangesOf(const IntervalSet<Number>&);
template std::vector<NumberRange<float>> RangesOf(const IntervalSet<Number>&);
template std::vector<NumberRange<double>> RangesOf(const IntervalSet<Number>&);

}  // namespace vecdb::filter
