#include "filter/string_matcher.h"

#include <algorithm>
#include <utility>

#include "base/checksum.h"
#include "base/status_macros.h"
#include "simd/select.h"

namespace vecdb::filter {
namespace {

using schema::ColumnBlock;
using Interval = IntervalSet<std::string>::Interval;

constexpr size_t kMaxCodeRanges = 4;
constexpr size_t kMinHashedPoints = 8;
constexpr size_t kMaxBytesAtOnce = size_t{256} << 10;

bool StopsBefore(const Interval& interval, std::string_view text) {
  return interval.high.has_value() &&
         (interval.high_closed ? *interval.high < text : *interval.high <= text);
}

bool StartsAfter(const Interval& interval, std::string_view text) {
  return interval.low.has_value() &&
         (interval.low_closed ? *interval.low > text : *interval.low >= text);
}

// The first code from `begin` on whose string is no longer `before`.
template <typename Predicate>
uint32_t FirstCode(const ColumnBlock& block, uint32_t begin, Predicate before) {
  uint32_t end = block.num_strings;
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    if (before(block.text(middle))) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

size_t BytesOf(const ColumnBlock& block) {
  if (block.views == nullptr) return block.num_strings == 0 ? 0 : block.ends[block.num_strings - 1];
  size_t bytes = 0;
  for (size_t row = 0; row < (block.constant ? 1 : block.num_rows); ++row) {
    bytes += block.views[row].size();
  }
  return bytes;
}

}  // namespace

// What holds all but a few strings is kept as those few.
StringMatcher::StringMatcher(const IntervalSet<std::string>& set) {
  IntervalSet<std::string> rest = set.Complement();
  negated_ = rest.intervals().size() < set.intervals().size();
  const IntervalSet<std::string>& kept = negated_ ? rest : set;
  intervals_ = kept.intervals();
  if (!kept.is_points() || intervals_.size() < kMinHashedPoints) return;
  std::vector<uint64_t> hashes;
  for (const Interval& interval : intervals_) hashes.push_back(base::Xxh3(*interval.low));
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  hashes_ = KeySet(hashes);
  hashed_ = true;
}

StringMatcher::StringMatcher(LikePattern pattern, bool negated)
    : negated_(negated), pattern_(std::move(pattern)), cost_per_byte_(pattern_->CostPerByte()) {}

bool StringMatcher::IsInIntervals(std::string_view text) const {
  const auto at = std::partition_point(
      intervals_.begin(), intervals_.end(),
      [text](const Interval& interval) { return StopsBefore(interval, text); });
  return at != intervals_.end() && !StartsAfter(*at, text);
}

bool StringMatcher::Has(std::string_view text) const {
  if (pattern_.has_value()) return pattern_->Matches(text);
  if (hashed_ && !hashes_.Contains(base::Xxh3(text))) return false;
  return IsInIntervals(text);
}

// Of a block that is much work each string is told to the reader.
absl::Status StringMatcher::Keep(const ColumnBlock& block, BlockReader& reader,
                                 BlockRows* rows) const {
  const size_t bytes = BytesOf(block);
  if (!reads_all() || bytes <= kMaxBytesAtOnce / cost_per_byte_) {
    Keep(block, rows);
    return absl::OkStatus();
  }
  if (block.constant) {
    VECDB_RETURN_IF_ERROR(reader.Spend(bytes * cost_per_byte_));
    Keep(block, rows);
    return absl::OkStatus();
  }
  // A dictionary that is longer than the rows left may hold much that none of them has.
  if (block.codes != nullptr && block.num_strings <= rows->count()) {
    return KeepCodes(block, reader, rows);
  }
  return KeepEach(block, reader, rows);
}

absl::Status StringMatcher::KeepEach(const ColumnBlock& block, BlockReader& reader,
                                     BlockRows* rows) const {
  absl::Status status;
  rows->KeepIf([&](size_t row) {
    if (!status.ok()) return false;
    const std::string_view text = block.string(row);
    status = reader.Spend(text.size() * cost_per_byte_);
    return status.ok() && Contains(text);
  });
  return status;
}

absl::Status StringMatcher::KeepCodes(const ColumnBlock& block, BlockReader& reader,
                                      BlockRows* rows) const {
  std::vector<uint8_t> contained(block.num_strings);
  for (uint32_t code = 0; code < block.num_strings; ++code) {
    const std::string_view text = block.text(code);
    VECDB_RETURN_IF_ERROR(reader.Spend(text.size() * cost_per_byte_));
    contained[code] = Contains(text) ? 1 : 0;
  }
  rows->KeepIf([&](size_t row) { return contained[block.codes[row]] != 0; });
  return absl::OkStatus();
}

void StringMatcher::Keep(const ColumnBlock& block, BlockRows* rows) const {
  const bool wanted = !negated_;
  if (block.constant) {
    if (!Contains(block.string(0))) *rows = {};
  } else if (block.codes != nullptr) {
    KeepCodes(block, rows);
  } else if (intervals_.size() == 1 && intervals_[0].is_point()) {
    const std::string_view point = *intervals_[0].low;
    rows->KeepIf([&](size_t row) { return (block.string(row) == point) == wanted; });
  } else {
    KeepEach(block, rows);
  }
}

void StringMatcher::KeepEach(const ColumnBlock& block, BlockRows* rows) const {
  rows->KeepIf([&](size_t row) { return Contains(block.string(row)); });
}

// Those that Has() takes, as few ranges as there are: of a set that is shorter than the dictionary
// by a search for its ends, else string by string.
std::vector<StringMatcher::CodeRange> StringMatcher::CodesOf(const ColumnBlock& block) const {
  std::vector<CodeRange> codes;
  const auto add = [&codes](uint32_t begin, uint32_t end) {
    if (begin >= end) return;
    if (!codes.empty() && codes.back().end == begin) {
      codes.back().end = end;
    } else {
      codes.push_back({begin, end});
    }
  };
  if (pattern_.has_value() || intervals_.size() > block.num_strings / 8) {
    for (uint32_t code = 0; code < block.num_strings; ++code) {
      if (Has(block.text(code))) add(code, code + 1);
    }
    return codes;
  }
  uint32_t begin = 0;
  for (const Interval& interval : intervals_) {
    begin =
        FirstCode(block, begin, [&](std::string_view text) { return StartsAfter(interval, text); });
    const uint32_t end = FirstCode(
        block, begin, [&](std::string_view text) { return !StopsBefore(interval, text); });
    add(begin, end);
    begin = end;
  }
  return codes;
}

void StringMatcher::KeepCodes(const ColumnBlock& block, BlockRows* rows) const {
  const std::vector<CodeRange> codes = CodesOf(block);
  if (codes.size() > kMaxCodeRanges) return KeepCodesByTable(block, codes, rows);
  BlockRows found;
  for (const CodeRange& range : codes) {
    BlockRows one;
    simd::InRange(block.codes, block.num_rows, static_cast<uint16_t>(range.begin),
                  static_cast<uint16_t>(range.end - 1), one.words);
    found.Or(one);
  }
  negated_ ? rows->Remove(found) : rows->And(found);
}

void StringMatcher::KeepCodesByTable(const ColumnBlock& block, const std::vector<CodeRange>& codes,
                                     BlockRows* rows) const {
  std::vector<uint8_t> contained(block.num_strings, negated_ ? 1 : 0);
  for (const CodeRange& range : codes) {
    std::fill(contained.begin() + range.begin, contained.begin() + range.end, negated_ ? 0 : 1);
  }
  rows->KeepIf([&](size_t row) { return contained[block.codes[row]] != 0; });
}

}  // namespace vecdb::filter
