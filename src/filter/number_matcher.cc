#include "filter/number_matcher.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <utility>

#include "simd/select.h"

namespace vecdb::filter {
namespace {

constexpr size_t kMaxKernelRanges = 4;
constexpr uint64_t kMinTableBits = uint64_t{1} << 16;
constexpr uint64_t kTableBitsPerRange = 64;
constexpr uint32_t kSparse = 32;  // one row of so many is worth a look of its own

template <typename T>
constexpr T Least() {
  if constexpr (std::floating_point<T>) return -std::numeric_limits<T>::infinity();
  return std::numeric_limits<T>::lowest();
}

template <typename T>
constexpr T Greatest() {
  if constexpr (std::floating_point<T>) return std::numeric_limits<T>::infinity();
  return std::numeric_limits<T>::max();
}

template <typename T>
T Above(T value) {
  if constexpr (std::floating_point<T>) return std::nextafter(value, Greatest<T>());
  return static_cast<T>(value + 1);
}

template <typename T>
T Below(T value) {
  if constexpr (std::floating_point<T>) return std::nextafter(value, Least<T>());
  return static_cast<T>(value - 1);
}

// What lies between the ranges, of which the first begins at the least value and the last ends at
// the greatest.
template <typename T>
std::vector<NumberRange<T>> GapsOf(const std::vector<NumberRange<T>>& ranges) {
  std::vector<NumberRange<T>> gaps;
  for (size_t i = 1; i < ranges.size(); ++i) {
    const NumberRange<T> gap{Above(ranges[i - 1].high), Below(ranges[i].low)};
    if (gap.low <= gap.high) gaps.push_back(gap);
  }
  return gaps;
}

// Different for different values; the same for both zeros.
template <typename T>
uint64_t KeyOf(T value) {
  if constexpr (std::floating_point<T>) {
    return std::bit_cast<uint64_t>(static_cast<double>(value) + 0.0);
  } else {
    return static_cast<uint64_t>(value);
  }
}

template <typename T>
uint64_t Offset(T from, T to) {
  return static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
}

}  // namespace

template <typename T>
NumberMatcher<T>::NumberMatcher(std::vector<NumberRange<T>> ranges) : ranges_(std::move(ranges)) {
  negated_ =
      !ranges_.empty() && ranges_.front().low == Least<T>() && ranges_.back().high == Greatest<T>();
  if (negated_) ranges_ = GapsOf(ranges_);
  if (ranges_.size() <= kMaxKernelRanges || MakeTable()) return;
  const bool points = std::all_of(ranges_.begin(), ranges_.end(), [](const NumberRange<T>& range) {
    return range.low == range.high;
  });
  way_ = points ? Way::kKeys : Way::kSearch;
  if (!points) return;
  std::vector<uint64_t> keys;
  for (const NumberRange<T>& point : ranges_) keys.push_back(KeyOf(point.low));
  std::sort(keys.begin(), keys.end());
  keys_ = KeySet(keys);
}

// False when it would be too large.
template <typename T>
bool NumberMatcher<T>::MakeTable() {
  if constexpr (std::integral<T>) {
    const T least = ranges_.front().low;
    table_last_ = Offset(least, ranges_.back().high);
    if (table_last_ >= std::max(kMinTableBits, kTableBitsPerRange * ranges_.size())) return false;
    way_ = Way::kTable;
    table_.resize(table_last_ / 64 + 1);
    for (const NumberRange<T>& range : ranges_) {
      const uint64_t end = Offset(least, range.high);
      for (uint64_t at = Offset(least, range.low); at <= end; ++at) {
        table_[at / 64] |= uint64_t{1} << (at % 64);
      }
    }
    return true;
  }
  return false;
}

template <typename T>
bool NumberMatcher<T>::IsInTable(T value) const {
  if constexpr (std::integral<T>) {
    const uint64_t at = Offset(ranges_.front().low, value);
    return at <= table_last_ && (table_[at / 64] >> (at % 64) & 1) != 0;
  }
  return false;
}

template <typename T>
bool NumberMatcher<T>::IsInRanges(T value) const {
  const auto at =
      std::partition_point(ranges_.begin(), ranges_.end(),
                           [value](const NumberRange<T>& range) { return range.high < value; });
  return at != ranges_.end() && at->low <= value;
}

template <typename T>
bool NumberMatcher<T>::Has(T value) const {
  switch (way_) {
    case Way::kTable:
      return IsInTable(value);
    case Way::kKeys:
      return keys_.Contains(KeyOf(value));
    default:
      return IsInRanges(value);
  }
}

template <typename T>
void NumberMatcher<T>::KeepByKernel(const T* values, uint32_t num_rows, BlockRows* rows) const {
  BlockRows found;
  for (const NumberRange<T>& range : ranges_) {
    BlockRows one;
    simd::InRange(values, num_rows, range.low, range.high, one.words);
    found.Or(one);
  }
  negated_ ? rows->Remove(found) : rows->And(found);
}

template <typename T>
void NumberMatcher<T>::KeepByKeys(const T* values, BlockRows* rows) const {
  BlockRows found = *rows;
  found.KeepIf([&](size_t row) { return keys_.MayContain(KeyOf(values[row])); });
  found.KeepIf([&](size_t row) { return keys_.Contains(KeyOf(values[row])); });
  negated_ ? rows->Remove(found) : rows->And(found);
}

// Each way has a loop of its own, so that nothing is decided per row.
template <typename T>
void NumberMatcher<T>::Keep(const T* values, uint32_t num_rows, BlockRows* rows) const {
  const bool wanted = !negated_;
  switch (way_) {
    case Way::kTable:
      return rows->KeepIf([&](size_t row) { return IsInTable(values[row]) == wanted; });
    case Way::kKeys:
      return KeepByKeys(values, rows);
    case Way::kSearch:
      return rows->KeepIf([&](size_t row) { return IsInRanges(values[row]) == wanted; });
    case Way::kRanges:
      break;
  }
  if (rows->count() >= num_rows / kSparse) return KeepByKernel(values, num_rows, rows);
  rows->KeepIf([&](size_t row) { return IsInRanges(values[row]) == wanted; });
}

template <typename T>
void NumberMatcher<T>::Keep(const schema::ColumnBlock& block, BlockRows* rows) const {
  const auto values = block.as<T>();
  if (!block.constant) return Keep(values.data(), block.num_rows, rows);
  if (!Contains(values[0])) *rows = {};
}

template class NumberMatcher<int8_t>;
template class NumberMatcher<int16_t>;
template class NumberMatcher<int32_t>;
template class NumberMatcher<int64_t>;
template class NumberMatcher<uint8_t>;
template class NumberMatcher<float>;
template class NumberMatcher<double>;

}  // namespace vecdb::filter
