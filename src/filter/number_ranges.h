#ifndef VECDB_FILTER_NUMBER_RANGES_H_
#define VECDB_FILTER_NUMBER_RANGES_H_

#include <cstdint>
#include <vector>

#include "filter/interval_set.h"
#include "filter/number.h"

namespace vecdb::filter {

/// The values of T from `low` to `high`, both of them too.
template <typename T>
struct NumberRange {
  T low = 0;
  T high = 0;

  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

/// The values of T that `set` holds, as ranges that are sorted, not empty and do not overlap. An
/// end that is open or lies between two values of T becomes the next value within. T is int8_t,
/// int16_t, int32_t, int64_t, float or double; reals that have no bound end at infinity.
template <typename T>
std::vector<NumberRange<T>> RangesOf(const IntervalSet<Number>& set);

/// Those of 0 and 1 that stand for the `bools` of a ValueSet.
std::vector<NumberRange<uint8_t>> RangesOfBools(uint8_t bools);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_NUMBER_RANGES_H_
