#ifndef VECDB_FILTER_INTEGER_INTERVALS_H_
#define VECDB_FILTER_INTEGER_INTERVALS_H_

#include <cstdint>

#include "filter/interval_set.h"
#include "filter/number.h"

namespace vecdb::filter {

/// The same set for values that are integers from `min` to `max`, where `min` <= `max`, in the one
/// form that all sets of the same integers share: every end is a closed integer between `min` and
/// `max`, both exclusive, or unbounded; at least one integer is missing between neighbours. The
/// full domain is All(), and a set without any of its integers None(). O(n log n).
///
/// An end at `min` or `max` is unbounded even when the interval is a single value: of the integers
/// up to 127, 127 alone becomes [127, unbounded), which is no point.
IntervalSet<Number> TightenToIntegers(const IntervalSet<Number>& set, int64_t min, int64_t max);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_INTEGER_INTERVALS_H_
