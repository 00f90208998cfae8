#include "filter/column_matcher.h"

#include <cstdint>

#include "filter/number_ranges.h"

namespace vecdb::filter {
namespace {

template <typename T>
NumberMatcher<T> Numbers(const ValueSet& set) {
  return NumberMatcher<T>(RangesOf<T>(set.numbers));
}

}  // namespace

ColumnMatcher::ColumnMatcher(const ValueSet& set, DataType type)
    : matcher_(MakeMatcher(set, type)) {}

ColumnMatcher::Matcher ColumnMatcher::MakeMatcher(const ValueSet& set, DataType type) {
  switch (type) {
    case DataType::kBool:
      return NumberMatcher<uint8_t>(RangesOfBools(set.bools));
    case DataType::kInt8:
      return Numbers<int8_t>(set);
    case DataType::kInt16:
      return Numbers<int16_t>(set);
    case DataType::kInt32:
      return Numbers<int32_t>(set);
    case DataType::kInt64:
      return Numbers<int64_t>(set);
    case DataType::kFloat:
      return Numbers<float>(set);
    case DataType::kDouble:
      return Numbers<double>(set);
    default:
      return StringMatcher(set.strings);
  }
}

absl::Status ColumnMatcher::Keep(const schema::ColumnBlock& block, BlockReader& reader,
                                 BlockRows* rows) const {
  if (const auto* strings = std::get_if<StringMatcher>(&matcher_)) {
    return strings->Keep(block, reader, rows);
  }
  std::visit([&](const auto& matcher) { matcher.Keep(block, rows); }, matcher_);
  return absl::OkStatus();
}

}  // namespace vecdb::filter
