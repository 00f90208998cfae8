#ifndef VECDB_FILTER_INTERVAL_SET_H_
#define VECDB_FILTER_INTERVAL_SET_H_

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace vecdb::filter {

/// A set of values of T, which is totally ordered: intervals, sorted, none empty, no two of which
/// overlap or touch. A value; thread-compatible.
///
/// The order is taken to be dense, so that a < b is all it takes for (a, b) to count as not empty,
/// and everything below a value likewise. Between some values there is none (strings "a" and
/// "a\0", and nothing is below ""): such a set may hold no value and not be empty(), or hold all
/// and not be is_all(). Contains is always right. For integers, see TightenToIntegers.
///
///   IntervalSet<Number> set = IntervalSet<Number>::Below(Number(2.5), /*closed=*/false);
///   set.Complement().Contains(Number(2.5));  // true
template <typename T>
class IntervalSet {
 public:
  struct Interval {
    std::optional<T> low{};   ///< nothing: unbounded
    std::optional<T> high{};  ///< nothing: unbounded
    bool low_closed = false;  ///< whether `low` itself belongs to it; false when unbounded
    bool high_closed = false;

    bool is_point() const { return low.has_value() && low == high; }

    friend bool operator==(const Interval&, const Interval&) = default;
  };

  /// The empty set.
  IntervalSet() = default;

  static IntervalSet None() { return IntervalSet(); }
  static IntervalSet All() { return IntervalSet({Interval{}}); }
  static IntervalSet Point(T value) {
    return IntervalSet({Interval{value, value, /*low_closed=*/true, /*high_closed=*/true}});
  }

  /// The values given, in any order, some perhaps more than once. O(n log n).
  static IntervalSet Points(std::vector<T> values);

  /// Everything below `value`, and `value` itself when `closed`.
  static IntervalSet Below(T value, bool closed) {
    return IntervalSet({Interval{{}, std::move(value), /*low_closed=*/false, closed}});
  }

  /// Everything above `value`, and `value` itself when `closed`.
  static IntervalSet Above(T value, bool closed) {
    return IntervalSet({Interval{std::move(value), {}, closed, /*high_closed=*/false}});
  }

  /// None when nothing lies between, as when `low` is above `high`.
  static IntervalSet Between(T low, bool low_closed, T high, bool high_closed) {
    Interval interval{std::move(low), std::move(high), low_closed, high_closed};
    return IsEmpty(interval) ? None() : IntervalSet({std::move(interval)});
  }

  /// The union of any number of sets, O(n log n) in all their intervals together.
  static IntervalSet UnionOf(std::vector<IntervalSet> sets);

  /// Linear, as are Intersection and Complement.
  IntervalSet Union(const IntervalSet& other) const;
  IntervalSet Intersection(const IntervalSet& other) const;
  IntervalSet Complement() const;

  /// O(log n).
  bool Contains(const T& value) const;

  bool empty() const { return intervals_.empty(); }
  bool is_all() const { return intervals_.size() == 1 && intervals_.front() == Interval{}; }

  /// True when it is not empty and every interval is a single value.
  bool is_points() const {
    return !empty() && std::all_of(intervals_.begin(), intervals_.end(),
                                   [](const Interval& interval) { return interval.is_point(); });
  }

  const std::vector<Interval>& intervals() const { return intervals_; }

  friend bool operator==(const IntervalSet&, const IntervalSet&) = default;

 private:
  explicit IntervalSet(std::vector<Interval> intervals) : intervals_(std::move(intervals)) {}

  static bool IsEmpty(const Interval& interval) {
    if (!interval.low.has_value() || !interval.high.has_value()) return false;
    if (*interval.low == *interval.high) return !interval.low_closed || !interval.high_closed;
    return *interval.low > *interval.high;
  }

  // Whether `a` starts before `b` does.
  static bool LowBefore(const Interval& a, const Interval& b) {
    if (!a.low.has_value() || !b.low.has_value()) return !a.low.has_value() && b.low.has_value();
    if (*a.low == *b.low) return a.low_closed && !b.low_closed;
    return *a.low < *b.low;
  }

  // Whether `a` stops before `b` does.
  static bool HighBefore(const Interval& a, const Interval& b) {
    if (!a.high.has_value() || !b.high.has_value()) {
      return a.high.has_value() && !b.high.has_value();
    }
    if (*a.high == *b.high) return !a.high_closed && b.high_closed;
    return *a.high < *b.high;
  }

  // Whether nothing lies between the end of `a` and the start of `b`, which starts no earlier.
  static bool Reaches(const Interval& a, const Interval& b) {
    if (!a.high.has_value() || !b.low.has_value()) return true;
    if (*a.high == *b.low) return a.high_closed || b.low_closed;
    return *a.high > *b.low;
  }

  // The set of intervals that are sorted by where they start, but may overlap.
  static IntervalSet Merged(std::vector<Interval> sorted);

  std::vector<Interval> intervals_;
};

template <typename T>
IntervalSet<T> IntervalSet<T>::Points(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::vector<Interval> points;
  points.reserve(values.size());
  for (T& value : values) points.push_back({value, std::move(value), true, true});
  return IntervalSet(std::move(points));
}

template <typename T>
IntervalSet<T> IntervalSet<T>::UnionOf(std::vector<IntervalSet> sets) {
  std::vector<Interval> all;
  for (IntervalSet& set : sets) {
    std::move(set.intervals_.begin(), set.intervals_.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end(), LowBefore);
  return Merged(std::move(all));
}

template <typename T>
IntervalSet<T> IntervalSet<T>::Union(const IntervalSet& other) const {
  std::vector<Interval> all;
  all.reserve(intervals_.size() + other.intervals_.size());
  std::merge(intervals_.begin(), intervals_.end(), other.intervals_.begin(), other.intervals_.end(),
             std::back_inserter(all), LowBefore);
  return Merged(std::move(all));
}

template <typename T>
IntervalSet<T> IntervalSet<T>::Merged(std::vector<Interval> sorted) {
  std::vector<Interval> merged;
  for (Interval& next : sorted) {
    if (merged.empty() || !Reaches(merged.back(), next)) {
      merged.push_back(std::move(next));
    } else if (HighBefore(merged.back(), next)) {
      merged.back().high = std::move(next.high);
      merged.back().high_closed = next.high_closed;
    }
  }
  return IntervalSet(std::move(merged));
}

// What is common to two neighbours of the result is missing from one of the operands in between,
// so the result needs no merging.
template <typename T>
IntervalSet<T> IntervalSet<T>::Intersection(const IntervalSet& other) const {
  std::vector<Interval> common;
  auto a = intervals_.begin();
  auto b = other.intervals_.begin();
  while (a != intervals_.end() && b != other.intervals_.end()) {
    const Interval& start = LowBefore(*a, *b) ? *b : *a;
    const bool a_stops_first = HighBefore(*a, *b);
    const Interval& stop = a_stops_first ? *a : *b;
    Interval both{start.low, stop.high, start.low_closed, stop.high_closed};
    if (!IsEmpty(both)) common.push_back(std::move(both));
    ++(a_stops_first ? a : b);
  }
  return IntervalSet(std::move(common));
}

template <typename T>
IntervalSet<T> IntervalSet<T>::Complement() const {
  std::vector<Interval> gaps;
  Interval gap;
  for (const Interval& interval : intervals_) {
    if (interval.low.has_value()) {
      gap.high = interval.low;
      gap.high_closed = !interval.low_closed;
      gaps.push_back(std::move(gap));
    }
    if (!interval.high.has_value()) return IntervalSet(std::move(gaps));
    gap = Interval{interval.high, {}, !interval.high_closed, /*high_closed=*/false};
  }
  gaps.push_back(std::move(gap));
  return IntervalSet(std::move(gaps));
}

template <typename T>
bool IntervalSet<T>::Contains(const T& value) const {
  const auto stops_before = [&value](const Interval& interval) {
    return interval.high.has_value() &&
           (interval.high_closed ? *interval.high < value : *interval.high <= value);
  };
  const auto at = std::partition_point(intervals_.begin(), intervals_.end(), stops_before);
  if (at == intervals_.end()) return false;
  return !at->low.has_value() || (at->low_closed ? *at->low <= value : *at->low < value);
}

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_INTERVAL_SET_H_
