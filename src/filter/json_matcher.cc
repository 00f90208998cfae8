#include "filter/json_matcher.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_set>
#include <utility>

#include "absl/hash/hash.h"
#include "filter/number.h"

namespace vecdb::filter {
namespace {

using schema::JsonScalar;

bool SameNumber(const JsonScalar& element, const Number& wanted) {
  if (element.kind == JsonScalar::Kind::kInteger) return Number(element.integer) == wanted;
  return element.kind == JsonScalar::Kind::kReal && Number(element.real) == wanted;
}

bool SameList(std::string_view array, const FilterValue::List& wanted);

bool Same(std::string_view raw, const FilterValue& wanted) {
  std::string buffer;
  const JsonScalar element = schema::ReadJsonScalar(raw, &buffer);
  if (const auto* boolean = wanted.get_if<bool>()) {
    return element.kind == JsonScalar::Kind::kBool && element.boolean == *boolean;
  }
  if (const auto* integer = wanted.get_if<int64_t>()) {
    return SameNumber(element, Number(*integer));
  }
  if (const auto* real = wanted.get_if<double>()) return SameNumber(element, Number(*real));
  if (const auto* text = wanted.get_if<std::string>()) {
    return element.kind == JsonScalar::Kind::kString && element.text == *text;
  }
  return element.kind == JsonScalar::Kind::kArray &&
         SameList(element.raw, *wanted.get_if<FilterValue::List>());
}

bool SameList(std::string_view array, const FilterValue::List& wanted) {
  size_t same = 0;
  bool longer = false;
  schema::ForEachElement(array, [&](std::string_view element) {
    longer = same == wanted.size();
    if (longer || !Same(element, wanted[same])) return false;
    ++same;
    return true;
  });
  return !longer && same == wanted.size();
}

std::vector<FilterValue> ElementsOf(Quantifier quantifier, const FilterValue& wanted) {
  if (quantifier == Quantifier::kOne) return {wanted};
  return *wanted.get_if<FilterValue::List>();
}

ValueSet SetOfScalars(const std::vector<FilterValue>& values) {
  std::vector<Number> numbers;
  std::vector<std::string> strings;
  ValueSet set;
  for (const FilterValue& value : values) {
    if (const auto* boolean = value.get_if<bool>()) {
      set.bools |= *boolean ? ValueSet::kTrue : ValueSet::kFalse;
    }
    if (const auto* integer = value.get_if<int64_t>()) numbers.emplace_back(*integer);
    if (const auto* real = value.get_if<double>()) numbers.emplace_back(*real);
    if (const auto* text = value.get_if<std::string>()) strings.push_back(*text);
  }
  set.numbers = IntervalSet<Number>::Points(std::move(numbers));
  set.strings = IntervalSet<std::string>::Points(std::move(strings));
  return set;
}

}  // namespace

JsonMatcher::JsonMatcher(const ValueSet& set)
    : integers_(RangesOf<int64_t>(set.numbers)),
      reals_(RangesOf<double>(set.numbers)),
      strings_(set.strings),
      bools_(RangesOfBools(set.bools)),
      other_(set.other) {}

bool JsonMatcher::Contains(const JsonScalar& value) const {
  switch (value.kind) {
    case JsonScalar::Kind::kBool:
      return bools_.Contains(value.boolean ? 1 : 0);
    case JsonScalar::Kind::kInteger:
      return integers_.Contains(value.integer);
    case JsonScalar::Kind::kReal:
      return reals_.Contains(value.real);
    case JsonScalar::Kind::kString:
      return strings_.Contains(value.text);
    default:
      return other_;
  }
}

absl::Status JsonMatcher::Keep(const schema::ColumnBlock& block, BlockReader& reader,
                               BlockRows* rows) const {
  switch (block.type) {
    case DataType::kBool:
      bools_.Keep(block, rows);
      return absl::OkStatus();
    case DataType::kInt64:
      integers_.Keep(block, rows);
      return absl::OkStatus();
    case DataType::kDouble:
      reals_.Keep(block, rows);
      return absl::OkStatus();
    default:
      return strings_.Keep(block, reader, rows);
  }
}

ArrayMatcher::ArrayMatcher(Quantifier quantifier, const FilterValue& wanted)
    : all_(quantifier == Quantifier::kAll),
      set_(SetOfScalars(ElementsOf(quantifier, wanted))),
      scalars_(set_) {
  for (const FilterValue& value : ElementsOf(quantifier, wanted)) {
    if (const auto* list = value.get_if<FilterValue::List>()) lists_.push_back(*list);
  }
}

bool ArrayMatcher::IsWanted(const JsonScalar& element) const {
  if (element.kind != JsonScalar::Kind::kArray) return scalars_.Contains(element);
  return std::any_of(lists_.begin(), lists_.end(), [&element](const FilterValue::List& list) {
    return SameList(element.raw, list);
  });
}

bool ArrayMatcher::Contains(std::string_view array) const {
  if (all_) return HoldsAll(array);
  bool found = false;
  std::string buffer;
  schema::ForEachElement(array, [&](std::string_view raw) {
    found = IsWanted(schema::ReadJsonScalar(raw, &buffer));
    return !found;
  });
  return found;
}

// The different scalars found are counted, the lists struck off.
bool ArrayMatcher::HoldsAll(std::string_view array) const {
  std::unordered_set<Number, absl::Hash<Number>> numbers;
  std::unordered_set<std::string> strings;
  uint8_t bools = 0;
  std::vector<const FilterValue::List*> missing;
  for (const FilterValue::List& list : lists_) missing.push_back(&list);
  std::string buffer;
  schema::ForEachElement(array, [&](std::string_view raw) {
    const JsonScalar element = schema::ReadJsonScalar(raw, &buffer);
    if (element.kind == JsonScalar::Kind::kArray) {
      std::erase_if(missing, [&element](const FilterValue::List* list) {
        return SameList(element.raw, *list);
      });
    }
    if (!scalars_.Contains(element)) return true;
    if (element.kind == JsonScalar::Kind::kBool)
      bools |= element.boolean ? ValueSet::kTrue : ValueSet::kFalse;
    if (element.kind == JsonScalar::Kind::kInteger) numbers.insert(Number(element.integer));
    if (element.kind == JsonScalar::Kind::kReal) numbers.insert(Number(element.real));
    if (element.kind == JsonScalar::Kind::kString) strings.insert(std::string(element.text));
    return true;
  });
  return missing.empty() && bools == set_.bools &&
         numbers.size() == set_.numbers.intervals().size() &&
         strings.size() == set_.strings.intervals().size();
}

}  // namespace vecdb::filter
