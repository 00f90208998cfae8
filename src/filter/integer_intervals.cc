#include "filter/integer_intervals.h"

#include <optional>
#include <utility>
#include <vector>

namespace vecdb::filter {
namespace {

using Set = IntervalSet<Number>;

// Both ends closed.
struct Range {
  int64_t first;
  int64_t last;
};

// The least integer of the domain that is not below the interval. Ceil has a value for what lies
// between `min` and `max`.
std::optional<int64_t> FirstInteger(const Set::Interval& interval, const Range& domain) {
  if (!interval.low.has_value() || *interval.low < Number(domain.first)) return domain.first;
  if (*interval.low > Number(domain.last)) return std::nullopt;
  const int64_t first = *Ceil(*interval.low);
  if (interval.low_closed || !interval.low->is_integer()) return first;
  if (first == domain.last) return std::nullopt;
  return first + 1;
}

// The greatest integer of the domain that is not above the interval.
std::optional<int64_t> LastInteger(const Set::Interval& interval, const Range& domain) {
  if (!interval.high.has_value() || *interval.high > Number(domain.last)) return domain.last;
  if (*interval.high < Number(domain.first)) return std::nullopt;
  const int64_t last = *Floor(*interval.high);
  if (interval.high_closed || !interval.high->is_integer()) return last;
  if (last == domain.first) return std::nullopt;
  return last - 1;
}

std::vector<Range> IntegerRanges(const Set& set, const Range& domain) {
  std::vector<Range> ranges;
  for (const Set::Interval& interval : set.intervals()) {
    const std::optional<int64_t> first = FirstInteger(interval, domain);
    const std::optional<int64_t> last = LastInteger(interval, domain);
    if (!first.has_value() || !last.has_value() || *first > *last) continue;
    // Ranges are disjoint and ascend, so `first` is above the lowest int64 here.
    if (!ranges.empty() && ranges.back().last == *first - 1) {
      ranges.back().last = *last;
    } else {
      ranges.push_back({*first, *last});
    }
  }
  return ranges;
}

Set ToSet(const Range& range, const Range& domain) {
  const bool from_start = range.first == domain.first;
  const bool to_end = range.last == domain.last;
  if (from_start && to_end) return Set::All();
  if (from_start) return Set::Below(Number(range.last), /*closed=*/true);
  if (to_end) return Set::Above(Number(range.first), /*closed=*/true);
  return Set::Between(Number(range.first), true, Number(range.last), true);
}

}  // namespace

IntervalSet<Number> TightenToIntegers(const IntervalSet<Number>& set, int64_t min, int64_t max) {
  const Range domain{min, max};
  std::vector<Set> parts;
  for (const Range& range : IntegerRanges(set, domain)) parts.push_back(ToSet(range, domain));
  return Set::UnionOf(std::move(parts));
}

}  // namespace vecdb::filter
