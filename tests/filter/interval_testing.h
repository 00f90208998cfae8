#ifndef VECDB_FILTER_INTERVAL_TESTING_H_
#define VECDB_FILTER_INTERVAL_TESTING_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "filter/interval_set.h"
#include "filter/number.h"
#include "support/seeded_random.h"

namespace vecdb::filter {

/// Values to make intervals of, and values to ask for, both ascending.
template <typename T>
struct Domain {
  std::vector<T> ends;
  std::vector<T> asked;
};

/// Ends at the halves from -5 to 5. The quarters are asked for, so that one lies in every interval.
inline Domain<Number> NumberDomain() {
  Domain<Number> domain;
  for (int i = -10; i <= 10; ++i) domain.ends.emplace_back(i / 2.0);
  for (int i = -24; i <= 24; ++i) domain.asked.emplace_back(i / 4.0);
  return domain;
}

inline Domain<std::string> StringDomain() {
  return {{"", "a", "ab", "b"}, {"", "A", "a", "aa", "ab", "abc", "b", "c"}};
}

/// A set, and what the definition of its intervals says of each value asked for.
template <typename T>
struct Sample {
  IntervalSet<T> set;
  std::vector<bool> has;
};

template <typename T, typename Predicate>
Sample<T> MakeSample(const Domain<T>& domain, IntervalSet<T> set, Predicate holds) {
  Sample<T> sample{std::move(set), {}};
  for (const T& value : domain.asked) sample.has.push_back(holds(value));
  return sample;
}

template <typename T>
Sample<T> RandomInterval(const Domain<T>& domain, support::SeededRandom& random) {
  using Set = IntervalSet<T>;
  const T a = domain.ends[random.Below(domain.ends.size())];
  const T b = domain.ends[random.Below(domain.ends.size())];
  const bool a_closed = random.OneIn(2);
  const bool b_closed = random.OneIn(2);
  const auto above_a = [&](const T& v) { return v > a || (a_closed && v == a); };
  const auto below_b = [&](const T& v) { return v < b || (b_closed && v == b); };
  switch (random.Below(8)) {
    case 0:
      return MakeSample(domain, Set::Above(a, a_closed), above_a);
    case 1:
      return MakeSample(domain, Set::Below(b, b_closed), below_b);
    case 2:
    case 3:
      return MakeSample(domain, Set::Point(a), [&](const T& v) { return v == a; });
    case 4:
      return MakeSample(domain, Set::Points({a, b, a}),
                        [&](const T& v) { return v == a || v == b; });
    default:
      return MakeSample(domain, Set::Between(a, a_closed, b, b_closed),
                        [&](const T& v) { return above_a(v) && below_b(v); });
  }
}

/// The union of up to six intervals.
template <typename T>
Sample<T> RandomSample(const Domain<T>& domain, support::SeededRandom& random) {
  std::vector<IntervalSet<T>> parts;
  std::vector<bool> has(domain.asked.size());
  for (uint64_t left = random.Below(7); left > 0; --left) {
    Sample<T> part = RandomInterval(domain, random);
    for (size_t i = 0; i < has.size(); ++i) has[i] = has[i] || part.has[i];
    parts.push_back(std::move(part.set));
  }
  return {IntervalSet<T>::UnionOf(std::move(parts)), std::move(has)};
}

/// One for each value asked for.
template <typename T>
std::vector<bool> Members(const Domain<T>& domain, const IntervalSet<T>& set) {
  std::vector<bool> has;
  for (const T& value : domain.asked) has.push_back(set.Contains(value));
  return has;
}

template <typename T>
void ExpectNonEmptyIntervals(const IntervalSet<T>& set) {
  for (const auto& interval : set.intervals()) {
    EXPECT_TRUE(interval.low.has_value() || !interval.low_closed);
    EXPECT_TRUE(interval.high.has_value() || !interval.high_closed);
    if (!interval.low.has_value() || !interval.high.has_value()) continue;
    EXPECT_LE(*interval.low, *interval.high);
    if (*interval.low == *interval.high) {
      EXPECT_TRUE(interval.low_closed && interval.high_closed);
    }
  }
}

/// Checks that the intervals ascend, and that none is empty, overlaps or touches the next.
template <typename T>
void ExpectInvariants(const IntervalSet<T>& set) {
  ExpectNonEmptyIntervals(set);
  const auto& intervals = set.intervals();
  for (size_t i = 1; i < intervals.size(); ++i) {
    const auto& before = intervals[i - 1];
    const auto& after = intervals[i];
    ASSERT_TRUE(before.high.has_value());
    ASSERT_TRUE(after.low.has_value());
    EXPECT_LE(*before.high, *after.low);
    if (*before.high == *after.low) {
      EXPECT_FALSE(before.high_closed || after.low_closed);
    }
  }
}

/// Value by value.
template <typename Combine>
std::vector<bool> Combined(const std::vector<bool>& a, const std::vector<bool>& b,
                           Combine combine) {
  std::vector<bool> out;
  for (size_t i = 0; i < a.size(); ++i) out.push_back(combine(a[i], b[i]));
  return out;
}

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_INTERVAL_TESTING_H_
