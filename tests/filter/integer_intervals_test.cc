#include "filter/integer_intervals.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <vector>

#include "filter/interval_testing.h"

namespace vecdb::filter {
namespace {

using Numbers = IntervalSet<Number>;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

Number I(int64_t value) { return Number(value); }
Number D(double value) { return Number(value); }

Numbers Tight(const Numbers& set) { return TightenToIntegers(set, -128, 127); }

TEST(IntegerIntervalsTest, EndsBecomeClosedIntegers) {
  const Numbers want = Numbers::Between(I(2), true, I(4), true);
  EXPECT_EQ(Tight(Numbers::Between(D(1.5), true, D(4.5), false)), want);
  EXPECT_EQ(Tight(Numbers::Between(D(1), false, D(5), false)), want);
  EXPECT_EQ(Tight(want), want);
  EXPECT_EQ(Tight(Numbers::Below(D(-2.5), true)), Numbers::Below(I(-3), true));
  EXPECT_EQ(Tight(Numbers::Above(D(-2.5), true)), Numbers::Above(I(-2), true));
}

TEST(IntegerIntervalsTest, NeighboursMerge) {
  const Numbers low = Numbers::Between(I(1), true, I(2), true);
  EXPECT_EQ(Tight(low.Union(Numbers::Between(I(3), true, I(4), true))),
            Numbers::Between(I(1), true, I(4), true));
  EXPECT_EQ(Tight(low.Union(Numbers::Above(D(2.5), true))), Numbers::Above(I(1), true));
  EXPECT_EQ(Tight(low.Union(Numbers::Above(I(3), false))), low.Union(Numbers::Above(I(4), true)));
  EXPECT_EQ(Tight(Numbers::Below(I(2), true).Union(Numbers::Above(I(3), true))), Numbers::All());
}

TEST(IntegerIntervalsTest, IntervalsWithoutAnIntegerVanish) {
  EXPECT_EQ(Tight(Numbers::Point(D(0.5))), Numbers::None());
  EXPECT_EQ(Tight(Numbers::Between(D(1), false, D(2), false)), Numbers::None());
  EXPECT_EQ(Tight(Numbers::Above(I(127), false)), Numbers::None());
  EXPECT_EQ(Tight(Numbers::Below(I(-128), false)), Numbers::None());
  EXPECT_EQ(Tight(Numbers::Point(I(128))), Numbers::None());
  EXPECT_EQ(Tight(Numbers::Below(D(-1e300), true)), Numbers::None());
}

TEST(IntegerIntervalsTest, EndsAtOrBeyondTheDomainBecomeUnbounded) {
  EXPECT_EQ(Tight(Numbers::Between(I(-128), true, I(127), true)), Numbers::All());
  EXPECT_EQ(Tight(Numbers::Between(D(-128.5), true, D(1e300), true)), Numbers::All());
  EXPECT_EQ(Tight(Numbers::Between(I(-128), false, I(127), true)), Numbers::Above(I(-127), true));
  EXPECT_EQ(Tight(Numbers::Between(I(-128), true, I(127), false)), Numbers::Below(I(126), true));
  EXPECT_EQ(Tight(Numbers::Point(I(127))), Numbers::Above(I(127), true));
  EXPECT_EQ(Tight(Numbers::Point(I(-128))), Numbers::Below(I(-128), true));
}

TEST(IntegerIntervalsTest, WorksAtTheEndsOfInt64) {
  const auto tight = [](const Numbers& set) { return TightenToIntegers(set, kMin, kMax); };
  EXPECT_EQ(tight(Numbers::Above(I(kMax), false)), Numbers::None());
  EXPECT_EQ(tight(Numbers::Below(I(kMin), false)), Numbers::None());
  EXPECT_EQ(tight(Numbers::Above(I(kMax), true)), Numbers::Above(I(kMax), true));
  EXPECT_EQ(tight(Numbers::Below(D(9223372036854775808.0), false)), Numbers::All());
  EXPECT_EQ(tight(Numbers::Above(D(9223372036854775808.0), true)), Numbers::None());
  EXPECT_EQ(tight(Numbers::Above(D(-9223372036854775808.0), true)), Numbers::All());
  EXPECT_EQ(tight(Numbers::Above(D(-9223372036854775808.0), false)),
            Numbers::Above(I(kMin + 1), true));
  EXPECT_EQ(tight(Numbers::Below(I(kMax - 1), true).Union(Numbers::Point(I(kMax)))),
            Numbers::All());
}

void ExpectTight(const Numbers& set, int64_t min, int64_t max) {
  ExpectInvariants(set);
  for (const Numbers::Interval& interval : set.intervals()) {
    for (const std::optional<Number>& end : {interval.low, interval.high}) {
      if (!end.has_value()) continue;
      EXPECT_TRUE(end->is_integer() && *end >= I(min) && *end <= I(max));
    }
    EXPECT_TRUE(interval.low_closed || !interval.low.has_value());
    EXPECT_TRUE(interval.high_closed || !interval.high.has_value());
    EXPECT_TRUE(!interval.low.has_value() || *interval.low > I(min));
    EXPECT_TRUE(!interval.high.has_value() || *interval.high < I(max));
  }
  for (size_t i = 1; i < set.intervals().size(); ++i) {
    EXPECT_GT(set.intervals()[i].low->AsInt64(), set.intervals()[i - 1].high->AsInt64() + 1);
  }
}

TEST(IntegerIntervalsTest, RandomSetsKeepTheirIntegersInOneForm) {
  const uint64_t seed = support::TestSeed("IntegerIntervalsTest.Random");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  const Domain<Number> domain = NumberDomain();
  for (int i = support::ScaledCount(3000); i > 0 && !testing::Test::HasFailure(); --i) {
    const int64_t min = static_cast<int64_t>(random.Below(9)) - 6;
    const int64_t max = min + static_cast<int64_t>(random.Below(8));
    const Numbers set = RandomSample(domain, random).set;
    const Numbers tight = TightenToIntegers(set, min, max);
    ExpectTight(tight, min, max);
    std::vector<Number> integers;
    for (int64_t value = min; value <= max; ++value) {
      EXPECT_EQ(tight.Contains(I(value)), set.Contains(I(value))) << value;
      if (set.Contains(I(value))) integers.push_back(I(value));
    }
    EXPECT_EQ(tight, TightenToIntegers(Numbers::Points(integers), min, max));
    EXPECT_EQ(tight.is_all(), integers.size() == static_cast<size_t>(max - min + 1));
    EXPECT_EQ(tight.empty(), integers.empty());
  }
}

}  // namespace
}  // namespace vecdb::filter
