#include "filter/integer_intervals.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <vector>

#include "filter/interval_testing.h"
#include "support/int64_limits.h"

namespace vecdb::filter {
namespace {

using Numbers = IntervalSet<Number>;

using support::kMaxInt64;
using support::kMinInt64;

Number Int(int64_t value) { return Number(value); }
Number Real(double value) { return Number(value); }

Numbers Tight(const Numbers& set) { return TightenToIntegers(set, -128, 127); }

TEST(IntegerIntervalsTest, EndsBecomeClosedIntegers) {
  const Numbers want = Numbers::Between(Int(2), true, Int(4), true);
  EXPECT_EQ(Tight(Numbers::Between(Real(1.5), true, Real(4.5), false)), want);
  EXPECT_EQ(Tight(Numbers::Between(Real(1), false, Real(5), false)), want);
  EXPECT_EQ(Tight(want), want);
  EXPECT_EQ(Tight(Numbers::Below(Real(-2.5), true)), Numbers::Below(Int(-3), true));
  EXPECT_EQ(Tight(Numbers::Above(Real(-2.5), true)), Numbers::Above(Int(-2), true));
}

TEST(IntegerIntervalsTest, NeighboursMerge) {
  const Numbers low = Numbers::Between(Int(1), true, Int(2), true);
  EXPECT_EQ(Tight(low.Union(Numbers::Between(Int(3), true, Int(4), true))),
            Numbers::Between(Int(1), true, Int(4), true));
  EXPECT_EQ(Tight(low.Union(Numbers::Above(Real(2.5), true))), Numbers::Above(Int(1), true));
  EXPECT_EQ(Tight(low.Union(Numbers::Above(Int(3), false))),
            low.Union(Numbers::Above(Int(4), true)));
  EXPECT_EQ(Tight(Numbers::Below(Int(2), true).Union(Numbers::Above(Int(3), true))),
            Numbers::All());
}

TEST(IntegerIntervalsTest, IntervalsWithoutAnIntegerVanish) {
  EXPECT_EQ(Tight(Numbers::Point(Real(0.5))), Numbers::None());
  EXPECT_EQ(Tight(Numbers::Between(Real(1), false, Real(2), false)), Numbers::None());
  EXPECT_EQ(Tight(Numbers::Above(Int(127), false)), Numbers::None());
  EXPECT_EQ(Tight(Numbers::Below(Int(-128), false)), Numbers::None());
  EXPECT_EQ(Tight(Numbers::Point(Int(128))), Numbers::None());
  EXPECT_EQ(Tight(Numbers::Below(Real(-1e300), true)), Numbers::None());
}

TEST(IntegerIntervalsTest, EndsAtOrBeyondTheDomainBecomeUnbounded) {
  EXPECT_EQ(Tight(Numbers::Between(Int(-128), true, Int(127), true)), Numbers::All());
  EXPECT_EQ(Tight(Numbers::Between(Real(-128.5), true, Real(1e300), true)), Numbers::All());
  EXPECT_EQ(Tight(Numbers::Between(Int(-128), false, Int(127), true)),
            Numbers::Above(Int(-127), true));
  EXPECT_EQ(Tight(Numbers::Between(Int(-128), true, Int(127), false)),
            Numbers::Below(Int(126), true));
  EXPECT_EQ(Tight(Numbers::Point(Int(127))), Numbers::Above(Int(127), true));
  EXPECT_EQ(Tight(Numbers::Point(Int(-128))), Numbers::Below(Int(-128), true));
}

TEST(IntegerIntervalsTest, WorksAtTheEndsOfInt64) {
  const auto tight = [](const Numbers& set) {
    return TightenToIntegers(set, kMinInt64, kMaxInt64);
  };
  EXPECT_EQ(tight(Numbers::Above(Int(kMaxInt64), false)), Numbers::None());
  EXPECT_EQ(tight(Numbers::Below(Int(kMinInt64), false)), Numbers::None());
  EXPECT_EQ(tight(Numbers::Above(Int(kMaxInt64), true)), Numbers::Above(Int(kMaxInt64), true));
  EXPECT_EQ(tight(Numbers::Below(Real(9223372036854775808.0), false)), Numbers::All());
  EXPECT_EQ(tight(Numbers::Above(Real(9223372036854775808.0), true)), Numbers::None());
  EXPECT_EQ(tight(Numbers::Above(Real(-9223372036854775808.0), true)), Numbers::All());
  EXPECT_EQ(tight(Numbers::Above(Real(-9223372036854775808.0), false)),
            Numbers::Above(Int(kMinInt64 + 1), true));
  EXPECT_EQ(tight(Numbers::Below(Int(kMaxInt64 - 1), true).Union(Numbers::Point(Int(kMaxInt64)))),
            Numbers::All());
}

void ExpectTight(const Numbers& set, int64_t min, int64_t max) {
  ExpectInvariants(set);
  for (const Numbers::Interval& interval : set.intervals()) {
    for (const std::optional<Number>& end : {interval.low, interval.high}) {
      if (!end.has_value()) continue;
      EXPECT_TRUE(end->is_integer() && *end >= Int(min) && *end <= Int(max));
    }
    EXPECT_TRUE(interval.low_closed || !interval.low.has_value());
    EXPECT_TRUE(interval.high_closed || !interval.high.has_value());
    EXPECT_TRUE(!interval.low.has_value() || *interval.low > Int(min));
    EXPECT_TRUE(!interval.high.has_value() || *interval.high < Int(max));
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
      EXPECT_EQ(tight.Contains(Int(value)), set.Contains(Int(value))) << value;
      if (set.Contains(Int(value))) integers.push_back(Int(value));
    }
    EXPECT_EQ(tight, TightenToIntegers(Numbers::Points(integers), min, max));
    EXPECT_EQ(tight.is_all(), integers.size() == static_cast<size_t>(max - min + 1));
    EXPECT_EQ(tight.empty(), integers.empty());
  }
}

}  // namespace
}  // namespace vecdb::filter
