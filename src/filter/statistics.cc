#include "filter/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>

#include "filter/interval_set.h"
#include "filter/number.h"

namespace vecdb::filter {
namespace {

using schema::ColumnStats;

constexpr size_t kMaxLookedAt = 256;  // intervals of a set; the others count as these do
constexpr double kUnknownPoint = 0.01;
constexpr double kUnknownRange = 0.3;

// Whether no value, all or some from `low` to `high`, without end when there is none, are in `set`.
template <typename T>
Verdict JudgeBounds(const IntervalSet<T>& set, const T& low, const std::optional<T>& high) {
  const auto& intervals = set.intervals();
  const auto stops_before = [&low](const auto& interval) {
    return interval.high.has_value() &&
           (interval.high_closed ? *interval.high < low : *interval.high <= low);
  };
  const auto at = std::partition_point(intervals.begin(), intervals.end(), stops_before);
  if (at == intervals.end()) return Verdict::kNone;
  const bool starts_behind = high.has_value() && at->low.has_value() &&
                             (at->low_closed ? *at->low > *high : *at->low >= *high);
  if (starts_behind) return Verdict::kNone;
  const bool has_low = !at->low.has_value() || (at->low_closed ? *at->low <= low : *at->low < low);
  const bool has_high =
      !at->high.has_value() ||
      (high.has_value() && (at->high_closed ? *at->high >= *high : *at->high > *high));
  return has_low && has_high ? Verdict::kAll : Verdict::kSome;
}

Verdict JudgeBools(uint8_t bools, const ColumnStats& stats) {
  uint8_t present = 0;
  if (stats.min_integer == 0) present |= ValueSet::kFalse;
  if (stats.max_integer == 1) present |= ValueSet::kTrue;
  if ((bools & present) == 0) return Verdict::kNone;
  return (present & ~bools) == 0 ? Verdict::kAll : Verdict::kSome;
}

bool IsReal(DataType type) { return type == DataType::kFloat || type == DataType::kDouble; }

bool HasBounds(DataType type, const ColumnStats* stats) {
  if (stats == nullptr || !stats->has_bounds) return false;
  return !IsReal(type) || (std::isfinite(stats->min_real) && std::isfinite(stats->max_real));
}

double PointShare(const ColumnStats* stats) {
  if (stats == nullptr || stats->distinct == 0) return kUnknownPoint;
  return 1.0 / stats->distinct;
}

double ShareOfNumbers(const IntervalSet<Number>& set, DataType type, const ColumnStats* stats) {
  const bool bounded = HasBounds(type, stats);
  double low = 0;
  double high = 0;
  if (bounded) {
    low = IsReal(type) ? stats->min_real : static_cast<double>(stats->min_integer);
    high = IsReal(type) ? stats->max_real : static_cast<double>(stats->max_integer);
  }
  const size_t count = std::min(set.intervals().size(), kMaxLookedAt);
  double share = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto& interval = set.intervals()[i];
    if (!bounded) {
      share += interval.is_point() ? PointShare(stats) : kUnknownRange;
      continue;
    }
    const double from = interval.low.has_value() ? std::max(low, interval.low->AsDouble()) : low;
    const double to = interval.high.has_value() ? std::min(high, interval.high->AsDouble()) : high;
    if (from > to) continue;
    const double least = PointShare(stats);
    share += std::max(least, high > low ? (to - from) / (high - low) : 1.0);
  }
  if (count > 0) share *= static_cast<double>(set.intervals().size()) / static_cast<double>(count);
  return share;
}

double ShareOfStrings(const IntervalSet<std::string>& set, const ColumnStats* stats) {
  const bool mostly_points = set.is_points();
  const auto count = static_cast<double>(set.intervals().size());
  if (mostly_points) return count * PointShare(stats);
  // What excludes single strings has unbounded intervals between them.
  if (count > 1 && !set.intervals().front().low && !set.intervals().back().high) {
    return 1 - (count - 1) * PointShare(stats);
  }
  return count * kUnknownRange;
}

}  // namespace

std::optional<std::pair<Number, Number>> BoundsOf(DataType type, const ColumnStats* stats) {
  if (!HasBounds(type, stats)) return std::nullopt;
  if (IsReal(type)) return std::pair(Number(stats->min_real), Number(stats->max_real));
  return std::pair(Number(stats->min_integer), Number(stats->max_integer));
}

Verdict Judge(const ValueSet& set, DataType type, const ColumnStats* stats) {
  if (!HasBounds(type, stats)) return Verdict::kSome;
  if (type == DataType::kBool) return JudgeBools(set.bools, *stats);
  if (type == DataType::kVarChar) {
    const std::optional<std::string> high =
        stats->max_string_known ? std::optional(stats->max_string) : std::nullopt;
    return JudgeBounds(set.strings, stats->min_string, high);
  }
  const auto bounds = BoundsOf(type, stats);
  return JudgeBounds(set.numbers, bounds->first, std::optional(bounds->second));
}

double EstimateShare(const ValueSet& set, DataType type, const ColumnStats* stats) {
  const Verdict verdict = Judge(set, type, stats);
  if (verdict != Verdict::kSome) return verdict == Verdict::kAll ? 1 : 0;
  double share = 0.5;
  if (type == DataType::kVarChar) {
    share = ShareOfStrings(set.strings, stats);
  } else if (type != DataType::kBool) {
    share = ShareOfNumbers(set.numbers, type, stats);
  }
  return std::clamp(share, 0.0, 1.0);
}

}  // namespace vecdb::filter
