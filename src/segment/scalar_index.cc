#include "segment/scalar_index.h"

#include <algorithm>

namespace vecdb::segment {
namespace {

// The first value from `from` on that is not `before`, as all up to some are: in steps that double,
// then by halves, so that the values of a long list lie near each other.
template <typename Before>
size_t Advance(size_t from, size_t count, Before before) {
  size_t low = from;
  size_t step = 1;
  while (step <= count - low && before(low + step - 1)) {
    low += step;
    step *= 2;
  }
  size_t high = low + std::min(step - 1, count - low);
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (before(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Whether a value lies below the end of an interval or, when `or_at`, there. Most ends are
// integers, which need no Number of the value.
bool IsBelow(int64_t value, const filter::Number& end, bool or_at) {
  if (!end.is_integer()) return filter::Number(value) < end;
  return or_at ? value <= end.AsInt64() : value < end.AsInt64();
}
bool IsBelow(double value, const filter::Number& end, bool or_at) {
  const filter::Number number(value);
  return or_at ? number <= end : number < end;
}
bool IsBelow(std::string_view value, std::string_view end, bool or_at) {
  return or_at ? value <= end : value < end;
}

// Calls `visit(first, last)` for the values of each interval that has some, `last` not included.
template <typename T, typename ValueAt, typename Visit>
void VisitIntervals(const filter::IntervalSet<T>& set, size_t num_values, ValueAt value_at,
                    Visit visit) {
  size_t at = 0;
  for (const auto& interval : set.intervals()) {
    if (interval.low.has_value()) {
      at = Advance(at, num_values, [&](size_t value) {
        return IsBelow(value_at(value), *interval.low, !interval.low_closed);
      });
    }
    const size_t first = at;
    at = num_values;
    if (interval.high.has_value()) {
      at = Advance(first, num_values, [&](size_t value) {
        return IsBelow(value_at(value), *interval.high, interval.high_closed);
      });
    }
    if (at > first) visit(first, at);
  }
}

template <typename Visit>
void VisitBools(const ScalarIndexData& data, uint8_t bools, Visit visit) {
  for (size_t value = 0; value < data.num_values; ++value) {
    const uint8_t bit =
        data.integer(value) == 0 ? filter::ValueSet::kFalse : filter::ValueSet::kTrue;
    if ((bools & bit) != 0) visit(value, value + 1);
  }
}

template <typename Visit>
void VisitValues(const ScalarIndexData& data, const filter::ValueSet& set, Visit visit) {
  if (data.type == DataType::kBool) {
    VisitBools(data, set.bools, visit);
    return;
  }
  const size_t count = data.num_values;
  switch (ScalarFormOf(data.type)) {
    case ScalarForm::kNone:
      break;
    case ScalarForm::kIntegers:
      VisitIntervals(
          set.numbers, count, [&](size_t v) { return data.integer(v); }, visit);
      break;
    case ScalarForm::kReals:
      VisitIntervals(
          set.numbers, count, [&](size_t v) { return data.real(v); }, visit);
      break;
    case ScalarForm::kTexts:
      VisitIntervals(
          set.strings, count, [&](size_t v) { return data.text(v); }, visit);
      break;
  }
}

}  // namespace

ScalarForm ScalarFormOf(DataType type) {
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
      return ScalarForm::kIntegers;
    case DataType::kFloat:
    case DataType::kDouble:
      return ScalarForm::kReals;
    case DataType::kVarChar:
      return ScalarForm::kTexts;
    default:
      return ScalarForm::kNone;
  }
}

uint64_t SealedScalarIndex::Count(const filter::ValueSet& set) const {
  uint64_t count = 0;
  VisitValues(data_, set, [&](size_t first, size_t last) {
    count += data_.run_end(last - 1) - data_.run_begin(first);
  });
  return count;
}

void SealedScalarIndex::Mark(const filter::ValueSet& set, uint64_t* words) const {
  const std::span<const uint32_t> rows = data_.rows.as<const uint32_t>();
  VisitValues(data_, set, [&](size_t first, size_t last) {
    const uint32_t end = data_.run_end(last - 1);
    for (uint32_t i = data_.run_begin(first); i < end; ++i) {
      words[rows[i] / 64] |= uint64_t{1} << (rows[i] % 64);
    }
  });
}

}  // namespace vecdb::segment
