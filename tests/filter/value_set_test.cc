#include "filter/value_set.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "filter/interval_testing.h"

namespace vecdb::filter {
namespace {

using Numbers = IntervalSet<Number>;
using Strings = IntervalSet<std::string>;

constexpr Universe kJson{
    .numbers = Universe::Numbers::kReals, .strings = true, .bools = true, .other = true};
constexpr Universe kSmallIntegers{.numbers = Universe::Numbers::kIntegers, .min = -3, .max = 4};
constexpr Universe kFloats{.numbers = Universe::Numbers::kReals};
constexpr Universe kText{.strings = true};
constexpr Universe kBools{.bools = true};
constexpr Universe kUniverses[] = {kJson, kSmallIntegers, kFloats, kText, kBools, Universe{}};

constexpr uint8_t kBothBools = ValueSet::kFalse | ValueSet::kTrue;

ValueSet Everything() {
  return {.numbers = Numbers::All(), .strings = Strings::All(), .bools = kBothBools, .other = true};
}

// Which of the values in the domains a set has, the bools and `other` last.
std::vector<bool> MembersOf(const ValueSet& set) {
  std::vector<bool> has = Members(NumberDomain(), set.numbers);
  for (const bool member : Members(StringDomain(), set.strings)) has.push_back(member);
  has.push_back((set.bools & ValueSet::kFalse) != 0);
  has.push_back((set.bools & ValueSet::kTrue) != 0);
  has.push_back(set.other);
  return has;
}

bool HasNumber(const Universe& universe, const Number& number) {
  if (universe.numbers != Universe::Numbers::kIntegers) {
    return universe.numbers == Universe::Numbers::kReals;
  }
  return number.is_integer() && number.AsInt64() >= universe.min &&
         number.AsInt64() <= universe.max;
}

// Which of those values the universe has.
std::vector<bool> MembersOf(const Universe& universe) {
  std::vector<bool> has;
  for (const Number& number : NumberDomain().asked) has.push_back(HasNumber(universe, number));
  has.insert(has.end(), StringDomain().asked.size(), universe.strings);
  has.insert(has.end(), 2, universe.bools);
  has.push_back(universe.other);
  return has;
}

// What `set` has of the universe: values that it has not do not count.
std::vector<bool> Within(const Universe& universe, const ValueSet& set) {
  return Combined(MembersOf(set), MembersOf(universe), std::logical_and<>());
}

ValueSet RandomSet(support::SeededRandom& random) {
  ValueSet set;
  set.numbers = RandomSample(NumberDomain(), random).set;
  set.strings = RandomSample(StringDomain(), random).set;
  set.bools = static_cast<uint8_t>(random.Below(4));
  set.other = random.OneIn(2);
  return set;
}

TEST(ValueSetTest, NormalizeMasksWhatTheUniverseHasNot) {
  EXPECT_EQ(Normalize(Everything(), kJson), Everything());
  EXPECT_EQ(Normalize(Everything(), kText), ValueSet{.strings = Strings::All()});
  EXPECT_EQ(Normalize(Everything(), kBools), ValueSet{.bools = kBothBools});
  EXPECT_EQ(Normalize(Everything(), kFloats), ValueSet{.numbers = Numbers::All()});
  EXPECT_EQ(Normalize(Everything(), Universe{}), ValueSet{});
}

TEST(ValueSetTest, NormalizeTightensIntegersAndNotReals) {
  const ValueSet half{.numbers = Numbers::Below(Number(1.5), false)};
  EXPECT_EQ(Normalize(half, kSmallIntegers).numbers, Numbers::Below(Number(int64_t{1}), true));
  EXPECT_EQ(Normalize(half, kFloats), half);
}

TEST(ValueSetTest, EmptyMeansThatNoPartHasAValue) {
  EXPECT_TRUE(ValueSet{}.is_empty());
  EXPECT_FALSE(ValueSet{.numbers = Numbers::Point(Number(1.0))}.is_empty());
  EXPECT_FALSE(ValueSet{.strings = Strings::Point("")}.is_empty());
  EXPECT_FALSE(ValueSet{.bools = ValueSet::kFalse}.is_empty());
  EXPECT_FALSE(ValueSet{.other = true}.is_empty());
}

TEST(ValueSetTest, FullNeedsEveryPartOfTheUniverse) {
  EXPECT_TRUE(Everything().is_full(kJson));
  for (int part = 0; part < 5; ++part) {
    ValueSet set = Everything();
    if (part == 0) set.numbers = Numbers::Above(Number(0.0), true);
    if (part == 1) set.strings = Strings::Above("", false);
    if (part == 2) set.bools = ValueSet::kFalse;
    if (part == 3) set.bools = ValueSet::kTrue;
    if (part == 4) set.other = false;
    EXPECT_FALSE(set.is_full(kJson)) << part;
    EXPECT_EQ(set.is_full(kFloats), part != 0);
    EXPECT_EQ(set.is_full(kText), part != 1);
    EXPECT_EQ(set.is_full(kBools), part != 2 && part != 3);
  }
}

TEST(ValueSetTest, FullOfIntegersNeedsNoNormalForm) {
  const ValueSet low{.numbers = Numbers::Below(Number(int64_t{2}), true)};
  const ValueSet high{.numbers = Numbers::Above(Number(int64_t{3}), true)};
  EXPECT_TRUE(Union(low, high).is_full(kSmallIntegers));
  EXPECT_FALSE(Union(low, high).is_full(kFloats));
  EXPECT_FALSE(low.is_full(kSmallIntegers));
  EXPECT_TRUE(Normalize(Union(low, high), kSmallIntegers).numbers.is_all());
}

TEST(ValueSetTest, CountsValuesOnlyWhenAllAreSingle) {
  ValueSet set{.numbers = Numbers::Points({Number(1.0), Number(2.0), Number(int64_t{1})}),
               .strings = Strings::Point("a"),
               .bools = kBothBools};
  EXPECT_TRUE(set.is_points());
  EXPECT_EQ(set.NumPoints(), 5U);
  set.other = true;
  EXPECT_FALSE(set.is_points());
  EXPECT_EQ(set.NumPoints(), 0U);
  set.other = false;
  set.strings = Strings::Above("a", true);
  EXPECT_EQ(set.NumPoints(), 0U);
  set.strings = Strings::None();
  EXPECT_EQ(set.NumPoints(), 4U);
  set.numbers = Numbers::All();
  EXPECT_EQ(set.NumPoints(), 0U);
  EXPECT_EQ(ValueSet{.bools = ValueSet::kTrue}.NumPoints(), 1U);
  EXPECT_FALSE(ValueSet{}.is_points());
}

void CheckPair(const ValueSet& a, const ValueSet& b) {
  EXPECT_EQ(MembersOf(Union(a, b)), Combined(MembersOf(a), MembersOf(b), std::logical_or<>()));
  EXPECT_EQ(MembersOf(Intersection(a, b)),
            Combined(MembersOf(a), MembersOf(b), std::logical_and<>()));
  EXPECT_EQ(Union(a, b), UnionOf({a, b}));
  EXPECT_EQ(UnionOf({a, b, a}), Union(a, b));
}

void CheckInUniverse(const ValueSet& a, const ValueSet& b, const Universe& universe) {
  const ValueSet normal = Normalize(a, universe);
  const ValueSet rest = Complement(a, universe);
  EXPECT_EQ(Within(universe, normal), Within(universe, a));
  EXPECT_EQ(Within(universe, rest),
            Combined(MembersOf(universe), MembersOf(a), [](bool u, bool x) { return u && !x; }));
  EXPECT_EQ(Normalize(normal, universe), normal);
  EXPECT_EQ(Complement(rest, universe), normal);
  EXPECT_TRUE(Union(a, rest).is_full(universe));
  EXPECT_TRUE(Intersection(normal, rest).is_empty());
  EXPECT_EQ(normal.is_full(universe), rest.is_empty());
  EXPECT_EQ(a.is_full(universe), rest.is_empty());
  const ValueSet other_rest = Complement(b, universe);
  EXPECT_EQ(Complement(Union(a, b), universe), Intersection(rest, other_rest));
  EXPECT_EQ(Complement(Intersection(a, b), universe), Normalize(Union(rest, other_rest), universe));
}

TEST(ValueSetTest, RandomSetsFollowBooleanLogicInEveryUniverse) {
  const uint64_t seed = support::TestSeed("ValueSetTest.Random");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (int i = support::ScaledCount(200); i > 0 && !testing::Test::HasFailure(); --i) {
    const ValueSet a = RandomSet(random);
    const ValueSet b = RandomSet(random);
    CheckPair(a, b);
    for (const Universe& universe : kUniverses) CheckInUniverse(a, b, universe);
  }
}

TEST(ValueSetTest, UnionOfNothingIsEmpty) { EXPECT_TRUE(UnionOf({}).is_empty()); }

TEST(ValueSetTest, NothingIsBelowTheEmptyString) {
  const Universe strings{.strings = true};
  const auto normal = [&strings](Strings set) {
    return Normalize({.strings = std::move(set)}, strings).strings;
  };
  EXPECT_TRUE(normal(Strings::Below("", false)).empty());
  EXPECT_EQ(normal(Strings::Below("", true)), Strings::Point(""));
  EXPECT_TRUE(normal(Strings::Above("", true)).is_all());
  EXPECT_EQ(normal(Strings::Above("", false)), Strings::Above("", false));
  EXPECT_EQ(normal(Strings::Between("", true, "b", false)), Strings::Below("b", false));
  EXPECT_EQ(normal(Strings::Point("")), Strings::Point(""));
  EXPECT_EQ(normal(Strings::Point("").Union(Strings::Above("a", true))),
            Strings::Point("").Union(Strings::Above("a", true)));
  EXPECT_TRUE(ValueSet{.strings = normal(Strings::Above("", true))}.is_full(strings));
}

}  // namespace
}  // namespace vecdb::filter
