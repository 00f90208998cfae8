#ifndef VECDB_FILTER_NUMBER_H_
#define VECDB_FILTER_NUMBER_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

namespace vecdb::filter {

/// An exact number: an int64 or a finite double. A small value.
///
/// Numbers are ordered by what they are worth, whichever kind they were made of, and nothing is
/// rounded to compare them: 1 equals 1.0, -0.0 equals 0, and 9007199254740993 (2^53 + 1) is above
/// 9007199254740992.0, to which it would round.
class Number {
 public:
  explicit Number(int64_t value) : value_(value) {}
  /// `value` is finite.
  explicit Number(double value);

  /// True for an integer that an int64 holds, also when it was given as a double.
  bool is_integer() const { return std::holds_alternative<int64_t>(value_); }
  /// The integer, for a number with is_integer() only.
  int64_t AsInt64() const { return *std::get_if<int64_t>(&value_); }
  /// The nearest double, which is off by up to 512 for integers beyond 2^53.
  double AsDouble() const;

  friend bool operator==(const Number&, const Number&) = default;
  friend std::strong_ordering operator<=>(const Number& a, const Number& b);

  /// For absl hash containers.
  template <typename H>
  friend H AbslHashValue(H state, const Number& number) {
    return H::combine(std::move(state), number.value_);
  }

 private:
  // A double here is no integer or lies outside int64, so that equal numbers have equal members.
  std::variant<int64_t, double> value_;
};

/// The greatest integer at or below `number`; nothing when `number` lies outside int64.
std::optional<int64_t> Floor(const Number& number);

/// The least integer at or above `number`; nothing when `number` lies outside int64.
std::optional<int64_t> Ceil(const Number& number);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_NUMBER_H_
