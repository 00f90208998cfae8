#include "filter/value_set.h"

#include <bit>
#include <utility>

#include "filter/integer_intervals.h"

namespace vecdb::filter {
namespace {

constexpr uint8_t kBothBools = ValueSet::kFalse | ValueSet::kTrue;

bool HasAllNumbers(const IntervalSet<Number>& numbers, const Universe& universe) {
  if (numbers.is_all() || universe.numbers == Universe::Numbers::kNone) return true;
  return universe.numbers == Universe::Numbers::kIntegers &&
         TightenToIntegers(numbers, universe.min, universe.max).is_all();
}

// Nothing is below the empty string, so a set that begins there has no lower end; alone it is a
// point.
IntervalSet<std::string> TightenToStrings(const IntervalSet<std::string>& set) {
  using Strings = IntervalSet<std::string>;
  const Strings longer = set.Intersection(Strings::Above(std::string(), /*closed=*/false));
  if (!set.Contains(std::string())) return longer;
  const Strings all = longer.Union(Strings::Point(std::string()));
  if (all.intervals().front().is_point()) return all;
  return all.Union(Strings::Below(std::string(), /*closed=*/false));
}

}  // namespace

bool ValueSet::is_empty() const {
  return numbers.empty() && strings.empty() && bools == 0 && !other;
}

bool ValueSet::is_full(const Universe& universe) const {
  return HasAllNumbers(numbers, universe) &&
         (!universe.strings || TightenToStrings(strings).is_all()) &&
         (bools == kBothBools || !universe.bools) && (other || !universe.other);
}

size_t ValueSet::NumPoints() const {
  if (other) return 0;
  if (!numbers.empty() && !numbers.is_points()) return 0;
  if (!strings.empty() && !strings.is_points()) return 0;
  return numbers.intervals().size() + strings.intervals().size() +
         static_cast<size_t>(std::popcount(bools));
}

ValueSet Normalize(ValueSet set, const Universe& universe) {
  switch (universe.numbers) {
    case Universe::Numbers::kNone:
      set.numbers = IntervalSet<Number>::None();
      break;
    case Universe::Numbers::kIntegers:
      set.numbers = TightenToIntegers(set.numbers, universe.min, universe.max);
      break;
    case Universe::Numbers::kReals:
      break;
  }
  set.strings = universe.strings ? TightenToStrings(set.strings) : IntervalSet<std::string>::None();
  if (!universe.bools) set.bools = 0;
  if (!universe.other) set.other = false;
  return set;
}

ValueSet Union(const ValueSet& a, const ValueSet& b) {
  return {.numbers = a.numbers.Union(b.numbers),
          .strings = a.strings.Union(b.strings),
          .bools = static_cast<uint8_t>(a.bools | b.bools),
          .other = a.other || b.other};
}

ValueSet Intersection(const ValueSet& a, const ValueSet& b) {
  return {.numbers = a.numbers.Intersection(b.numbers),
          .strings = a.strings.Intersection(b.strings),
          .bools = static_cast<uint8_t>(a.bools & b.bools),
          .other = a.other && b.other};
}

ValueSet Complement(const ValueSet& set, const Universe& universe) {
  ValueSet rest{.numbers = set.numbers.Complement(),
                .strings = set.strings.Complement(),
                .bools = static_cast<uint8_t>(set.bools ^ kBothBools),
                .other = !set.other};
  return Normalize(std::move(rest), universe);
}

ValueSet UnionOf(std::vector<ValueSet> sets) {
  std::vector<IntervalSet<Number>> numbers;
  std::vector<IntervalSet<std::string>> strings;
  ValueSet all;
  for (ValueSet& set : sets) {
    numbers.push_back(std::move(set.numbers));
    strings.push_back(std::move(set.strings));
    all.bools = static_cast<uint8_t>(all.bools | set.bools);
    all.other = all.other || set.other;
  }
  all.numbers = IntervalSet<Number>::UnionOf(std::move(numbers));
  all.strings = IntervalSet<std::string>::UnionOf(std::move(strings));
  return all;
}

}  // namespace vecdb::filter
