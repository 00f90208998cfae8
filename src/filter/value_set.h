#ifndef VECDB_FILTER_VALUE_SET_H_
#define VECDB_FILTER_VALUE_SET_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "filter/interval_set.h"
#include "filter/number.h"

namespace vecdb::filter {

/// Which values a term of a filter can have: an Int8 field the integers from -128 to 127, a path
/// into JSON everything.
struct Universe {
  enum class Numbers { kNone, kIntegers, kReals };

  Numbers numbers = Numbers::kNone;
  bool strings = false;
  bool bools = false;
  bool other = false;  ///< missing, null, object or array: only JSON has these
  int64_t min = std::numeric_limits<int64_t>::min();  ///< of kIntegers
  int64_t max = std::numeric_limits<int64_t>::max();  ///< of kIntegers, at least `min`

  friend bool operator==(const Universe&, const Universe&) = default;
};

/// What a term of a filter may be for a row to match. A value; thread-compatible.
///
/// A set that Normalize, Complement or Intersection of two such gave is normal: equal sets are
/// then ==, but for what IntervalSet says of values with none between. A union is normal only once
/// Normalize has seen it, because x <= 2 or x >= 3 is every integer, yet not every real.
struct ValueSet {
  static constexpr uint8_t kFalse = 1;
  static constexpr uint8_t kTrue = 2;

  IntervalSet<Number> numbers{};
  IntervalSet<std::string> strings{};
  uint8_t bools = 0;   ///< kFalse, kTrue, both or none
  bool other = false;  ///< all of what Universe::other names, or nothing of it

  bool is_empty() const;

  /// True when it holds every value of `universe`. It need not be normal.
  bool is_full(const Universe& universe) const;

  /// True when it is a list of single values: not empty, no wider interval, and not `other`.
  bool is_points() const { return NumPoints() != 0; }

  /// How many values it lists, the bools among them; 0 unless is_points().
  size_t NumPoints() const;

  friend bool operator==(const ValueSet&, const ValueSet&) = default;
};

/// The values of `set` that `universe` has, in normal form.
ValueSet Normalize(ValueSet set, const Universe& universe);

ValueSet Union(const ValueSet& a, const ValueSet& b);
ValueSet Intersection(const ValueSet& a, const ValueSet& b);

/// The values of `universe` that `set` has not, in normal form.
ValueSet Complement(const ValueSet& set, const Universe& universe);

/// The union of any number of sets, O(n log n) in all their intervals together.
ValueSet UnionOf(std::vector<ValueSet> sets);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_VALUE_SET_H_
