#include "filter/interval_set.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "filter/interval_testing.h"
#include "filter/number.h"

namespace vecdb::filter {
namespace {

using Numbers = IntervalSet<Number>;
using Strings = IntervalSet<std::string>;

Number N(double value) { return Number(value); }

Numbers Between(double low, bool low_closed, double high, bool high_closed) {
  return Numbers::Between(N(low), low_closed, N(high), high_closed);
}

TEST(IntervalSetTest, MergesIntervalsThatTouch) {
  EXPECT_EQ(Between(1, true, 2, false).Union(Between(2, true, 3, true)), Between(1, true, 3, true));
  EXPECT_EQ(Between(1, true, 2, true).Union(Between(2, false, 3, true)), Between(1, true, 3, true));
  EXPECT_EQ(Numbers::Below(N(2), false).Union(Numbers::Above(N(2), true)), Numbers::All());
}

TEST(IntervalSetTest, KeepsIntervalsApartThatMissOneValue) {
  const Numbers set = Between(1, true, 2, false).Union(Between(2, false, 3, true));
  EXPECT_EQ(set.intervals().size(), 2U);
  EXPECT_FALSE(set.Contains(N(2)));
  EXPECT_EQ(set.Union(Numbers::Point(N(2))), Between(1, true, 3, true));
}

TEST(IntervalSetTest, ASwallowedIntervalDoesNotShortenItsNeighbour) {
  const Numbers wide = Between(0, true, 9, true);
  EXPECT_EQ(Numbers::UnionOf({Between(1, true, 2, true), wide, Between(3, false, 9, false)}), wide);
}

TEST(IntervalSetTest, BetweenIsNoneWhenNothingLiesBetween) {
  EXPECT_EQ(Between(2, true, 1, true), Numbers::None());
  EXPECT_EQ(Between(1, true, 1, false), Numbers::None());
  EXPECT_EQ(Between(1, false, 1, true), Numbers::None());
  EXPECT_EQ(Between(1, false, 1, false), Numbers::None());
  EXPECT_EQ(Between(1, true, 1, true), Numbers::Point(N(1)));
}

TEST(IntervalSetTest, PointsMayComeInAnyOrderAndTwice) {
  const Strings set = Strings::Points({"b", "", "ab", "b", ""});
  EXPECT_EQ(set, Strings::Point("").Union(Strings::Point("ab")).Union(Strings::Point("b")));
  EXPECT_EQ(set.intervals().size(), 3U);
  EXPECT_TRUE(set.is_points());
  EXPECT_EQ(Strings::Points({}), Strings::None());
}

TEST(IntervalSetTest, TellsNoneAllAndPoints) {
  EXPECT_TRUE(Numbers().empty());
  EXPECT_TRUE(Numbers::None().empty());
  EXPECT_FALSE(Numbers::None().is_all());
  EXPECT_FALSE(Numbers::None().is_points());
  EXPECT_TRUE(Numbers::All().is_all());
  EXPECT_FALSE(Numbers::All().empty());
  EXPECT_FALSE(Numbers::All().is_points());
  EXPECT_FALSE(Numbers::Above(N(1), true).is_all());
  EXPECT_FALSE(Numbers::Below(N(1), true).is_points());
  EXPECT_TRUE(Numbers::Point(N(1)).is_points());
  EXPECT_FALSE(Numbers::Point(N(1)).Union(Between(2, true, 3, true)).is_points());
}

TEST(IntervalSetTest, ComplementSwapsNoneAndAll) {
  EXPECT_EQ(Numbers::None().Complement(), Numbers::All());
  EXPECT_EQ(Numbers::All().Complement(), Numbers::None());
  EXPECT_EQ(Numbers::Point(N(1)).Complement(),
            Numbers::Below(N(1), false).Union(Numbers::Above(N(1), false)));
}

// Random sets against what boolean logic says of each value of a small domain.
template <typename T>
class RandomSets {
 public:
  RandomSets(Domain<T> domain, uint64_t seed) : domain_(std::move(domain)), random_(seed) {}

  Sample<T> Next() {
    Sample<T> sample = RandomSample(domain_, random_);
    Check(sample.set, sample.has);
    return sample;
  }

  uint64_t Below(uint64_t n) { return random_.Below(n); }

  void Check(const IntervalSet<T>& set, const std::vector<bool>& has) const {
    ExpectInvariants(set);
    EXPECT_EQ(Members(domain_, set), has);
  }

 private:
  Domain<T> domain_;
  support::SeededRandom random_;
};

template <typename T>
void CheckPair(RandomSets<T>& random) {
  const Sample<T> a = random.Next();
  const Sample<T> b = random.Next();
  const IntervalSet<T> either = a.set.Union(b.set);
  const IntervalSet<T> both = a.set.Intersection(b.set);
  random.Check(either, Combined(a.has, b.has, std::logical_or<>()));
  random.Check(both, Combined(a.has, b.has, std::logical_and<>()));
  random.Check(a.set.Complement(), Combined(a.has, b.has, [](bool x, bool) { return !x; }));
  EXPECT_EQ(a.set.Complement().Complement(), a.set);
  EXPECT_EQ(either.Complement(), a.set.Complement().Intersection(b.set.Complement()));
  EXPECT_EQ(both.Complement(), a.set.Complement().Union(b.set.Complement()));
  EXPECT_EQ(either, b.set.Union(a.set));
  EXPECT_EQ(both, b.set.Intersection(a.set));
  EXPECT_EQ(a.set.Union(a.set.Complement()), IntervalSet<T>::All());
  EXPECT_EQ(a.set.Intersection(a.set.Complement()), IntervalSet<T>::None());
}

template <typename T>
void CheckUnionOf(RandomSets<T>& random) {
  std::vector<IntervalSet<T>> sets;
  IntervalSet<T> one_by_one;
  for (uint64_t left = random.Below(5); left > 0; --left) {
    sets.push_back(random.Next().set);
    one_by_one = one_by_one.Union(sets.back());
  }
  EXPECT_EQ(IntervalSet<T>::UnionOf(sets), one_by_one);
}

TEST(IntervalSetTest, RandomSetsOfNumbersFollowBooleanLogic) {
  const uint64_t seed = support::TestSeed("IntervalSetTest.Numbers");
  SCOPED_TRACE(seed);
  RandomSets<Number> random(NumberDomain(), seed);
  for (int i = support::ScaledCount(1000); i > 0 && !testing::Test::HasFailure(); --i) {
    CheckPair(random);
    CheckUnionOf(random);
  }
}

TEST(IntervalSetTest, RandomSetsOfStringsFollowBooleanLogic) {
  const uint64_t seed = support::TestSeed("IntervalSetTest.Strings");
  SCOPED_TRACE(seed);
  RandomSets<std::string> random(StringDomain(), seed);
  for (int i = support::ScaledCount(1000); i > 0 && !testing::Test::HasFailure(); --i) {
    CheckPair(random);
    CheckUnionOf(random);
  }
}

// A quarter lies in every interval of the domain, so that sets with the same values are the same.
TEST(IntervalSetTest, SetsOfTheSameValuesAreEqual) {
  const uint64_t seed = support::TestSeed("IntervalSetTest.Equal");
  SCOPED_TRACE(seed);
  Domain<Number> domain = NumberDomain();
  domain.ends = {N(-0.5), N(0), N(0.5)};
  RandomSets<Number> random(domain, seed);
  for (int i = support::ScaledCount(1000); i > 0 && !testing::Test::HasFailure(); --i) {
    const Sample<Number> a = random.Next();
    const Sample<Number> b = random.Next();
    EXPECT_EQ(a.set == b.set, a.has == b.has);
  }
}

}  // namespace
}  // namespace vecdb::filter
