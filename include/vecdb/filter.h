#ifndef VECDB_FILTER_H_
#define VECDB_FILTER_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "vecdb/schema.h"

namespace vecdb {

/// The limits that filters are held to.
inline constexpr size_t kMaxFilterBytes = size_t{4} << 20;
inline constexpr size_t kMaxFilterNodes = 65536;  ///< fields, constants, lists, operators, calls
inline constexpr int kMaxFilterDepth = 64;  ///< parentheses, signs, operators within operators
inline constexpr size_t kMaxFilterListValues = 1'000'000;   ///< in all lists of a filter
inline constexpr size_t kMaxFilterNestedLists = 1'000;      ///< of a json_contains_all or _any
inline constexpr size_t kMaxFilterLikeUnderscores = 1'000;  ///< of a `like` that has a % too

/// A constant of a filter: what a parameter stands for. A value.
///
/// Integers are those that int64_t holds whatever their value: what is unsigned and has 64 bits,
/// size_t for example, does not compile, because half of it is none. Cast it to int64_t, where you
/// know that it fits. Enums and pointers do not compile either; in particular none becomes a bool.
class FilterValue {
  template <typename T>
  static constexpr bool kFitsInt64 = sizeof(T) + (std::is_signed_v<T> ? 0 : 1) <= sizeof(int64_t);

 public:
  using List = std::vector<FilterValue>;
  using Variant = std::variant<bool, int64_t, double, std::string, List>;

  FilterValue() : value_(false) {}
  FilterValue(FilterValue&&) = default;
  FilterValue& operator=(FilterValue&&) = default;
  // By hand: std::variant's own, of g++ 12, end the process when there is no memory for a copy.
  FilterValue(const FilterValue& other) : FilterValue() { *this = other; }
  FilterValue& operator=(const FilterValue& other) {
    if (const auto* text = other.get_if<std::string>()) {
      value_ = std::string(*text);
    } else if (const auto* list = other.get_if<List>()) {
      value_ = List(*list);
    } else if (const auto* number = other.get_if<int64_t>()) {
      value_ = *number;
    } else if (const auto* real = other.get_if<double>()) {
      value_ = *real;
    } else {
      value_ = *other.get_if<bool>();
    }
    return *this;
  }
  // All implicit by design: values are written where parameters are given.
  template <std::same_as<bool> T>
  FilterValue(T value) : value_(value) {}  // NOLINT
  template <std::integral T>
  requires(!std::same_as<T, bool> && kFitsInt64<T>) FilterValue(T value)
      : value_(static_cast<int64_t>(value)) {}  // NOLINT
  template <std::integral T>
  requires(!kFitsInt64<T>) FilterValue(T)
  = delete;
  template <typename T>
  requires std::is_enum_v<T> FilterValue(T)
  = delete;
  template <typename T>
  requires(!std::same_as<std::remove_cv_t<T>, char>) FilterValue(T*)
  = delete;
  FilterValue(std::nullptr_t) = delete;
  template <std::floating_point T>
  FilterValue(T value) : value_(static_cast<double>(value)) {}                          // NOLINT
  FilterValue(const char* value) : value_(std::string(value)) {}                        // NOLINT
  FilterValue(std::string_view value) : value_(std::string(value)) {}                   // NOLINT
  FilterValue(std::string value) : value_(std::move(value)) {}                          // NOLINT
  FilterValue(List values) : value_(std::move(values)) {}                               // NOLINT
  FilterValue(const std::vector<int64_t>& values) : FilterValue(ListOf(values)) {}      // NOLINT
  FilterValue(const std::vector<double>& values) : FilterValue(ListOf(values)) {}       // NOLINT
  FilterValue(const std::vector<std::string>& values) : FilterValue(ListOf(values)) {}  // NOLINT

  const Variant& value() const { return value_; }

  /// The alternative of that type; null when it holds another.
  template <typename T>
  const T* get_if() const {
    return std::get_if<T>(&value_);
  }

  friend bool operator==(const FilterValue&, const FilterValue&) = default;

 private:
  template <typename T>
  static List ListOf(const std::vector<T>& values) {
    return List(values.begin(), values.end());
  }

  Variant value_;
};

/// Values for the `{name}`s of a filter.
using FilterParameters = std::map<std::string, FilterValue, std::less<>>;

namespace filter {
class Condition;
}

/// Which rows of a collection are meant: a boolean expression over its scalar fields, parsed and
/// checked once. Immutable, hence thread-safe; copies share what they hold.
///
///     auto blogs = Filter::Parse(schema, R"(source == "blog" and year >= {year})");
///     auto recent = blogs->Bind({{"year", 2024}});
///
/// The language is that of Milvus; docs/filter.md describes it. In short:
///
///     year == 2024            != < <= > >=, also between two fields; 1 < year <= 9
///     year in [1, 2, 3]       not in; the list may be a parameter: year in {years}
///     title like "vec%"       % stands for any text, _ for one character, \ before them for
///                             themselves
///     price * 2 + 1 < 10      + - * / % **, on either side
///     meta["a"]["b"][0] == 1  a value within a Json field; undeclared keys by their name alone
///     exists meta["a"]        json_contains(meta["a"], 1), json_contains_all(meta["a"], [1, 2]),
///                             json_contains_any(meta["a"], [1, 2])
///     not (a and b) or c      also ! && ||
///
/// A value in Json that is missing or of another kind makes a comparison false, and `!=` and
/// `not in` true. Integer arithmetic that overflows or divides by zero, and real arithmetic whose
/// result is not finite, makes the row not match, whatever stands around it but `or`.
class Filter {
 public:
  /// Matches every row.
  Filter() = default;

  /// Parses `text` and checks it against `schema`. An empty text matches every row.
  /// InvalidArgument, with the place, what was expected there and the line in question, for any
  /// mistake in it: the caller's to correct.
  static absl::StatusOr<Filter> Parse(const Schema& schema, std::string_view text);

  /// The filter with values for all its parameters. InvalidArgument when one is missing, is of a
  /// kind that does not fit its place, or has a name that the filter does not know.
  absl::StatusOr<Filter> Bind(const FilterParameters& parameters) const;

  /// Names of the parameters that are still to be bound, in order.
  std::vector<std::string> parameters() const;

  /// A normal form: filters that are written differently and mean the same mostly have one text.
  /// Parsing it gives a filter with the same text, unless that is just beyond a limit which the
  /// filter itself kept. "" when every row matches.
  std::string ToString() const;

  /// The inside, null when every row matches; for the library.
  const std::shared_ptr<const filter::Condition>& condition() const { return condition_; }

 private:
  explicit Filter(std::shared_ptr<const filter::Condition> condition)
      : condition_(std::move(condition)) {}

  std::shared_ptr<const filter::Condition> condition_;
};

}  // namespace vecdb

#endif  // VECDB_FILTER_H_
