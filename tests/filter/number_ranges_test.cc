#include "filter/number_ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

#include "filter/random_numbers.h"
#include "filter/value_set.h"

namespace vecdb::filter {
namespace {

template <typename T>
class NumberRangesTest : public testing::Test {};

using Types = testing::Types<int8_t, int16_t, int32_t, int64_t, float, double>;
TYPED_TEST_SUITE(NumberRangesTest, Types);

template <typename T>
bool InRanges(const std::vector<NumberRange<T>>& ranges, T value) {
  return std::any_of(ranges.begin(), ranges.end(), [value](const NumberRange<T>& range) {
    return range.low <= value && value <= range.high;
  });
}

TYPED_TEST(NumberRangesTest, RangesHoldWhatTheSetHolds) {
  using T = TypeParam;
  const uint64_t seed = support::TestSeed("NumberRangesTest");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (int i = support::ScaledCount(1000); i > 0; --i) {
    const IntervalSet<Number> set = RandomNumberSet(random, 1 + random.Below(5));
    const auto ranges = RangesOf<T>(set);
    for (size_t n = 0; n < ranges.size(); ++n) {
      ASSERT_LE(ranges[n].low, ranges[n].high);
      ASSERT_TRUE(n == 0 || ranges[n - 1].high < ranges[n].low);
    }
    for (int n = 0; n < 20; ++n) {
      const T value = RandomNumberOf<T>(random);
      ASSERT_EQ(InRanges(ranges, value), set.Contains(ExactNumber(value))) << +value;
    }
  }
}

TYPED_TEST(NumberRangesTest, AllIsOneRangeAndNothingNone) {
  using Limits = std::numeric_limits<TypeParam>;
  const auto all = RangesOf<TypeParam>(IntervalSet<Number>::All());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_LE(all[0].low, Limits::lowest());
  EXPECT_GE(all[0].high, Limits::max());
  EXPECT_TRUE(RangesOf<TypeParam>(IntervalSet<Number>::None()).empty());
}

TEST(NumberRangesOfTest, EndsThatAreNoValuesBecomeTheNextOnesWithin) {
  using Set = IntervalSet<Number>;
  EXPECT_EQ(RangesOf<int8_t>(Set::Between(Number(1.5), true, Number(int64_t{9}), false)),
            (std::vector<NumberRange<int8_t>>{{2, 8}}));
  EXPECT_TRUE(RangesOf<int8_t>(Set::Above(Number(int64_t{127}), false)).empty());
  EXPECT_TRUE(RangesOf<int8_t>(Set::Below(Number(-1e300), true)).empty());
  EXPECT_TRUE(RangesOf<int64_t>(Set::Point(Number(0.5))).empty());
  const float above_one = std::nextafter(1.0F, 2.0F);
  const auto floats = RangesOf<float>(Set::Above(Number(1.0), false));
  ASSERT_EQ(floats.size(), 1u);
  EXPECT_EQ(floats[0].low, above_one);
  // 2^53 + 1 lies between two doubles.
  const auto doubles = RangesOf<double>(Set::Above(Number(int64_t{9007199254740993}), true));
  ASSERT_EQ(doubles.size(), 1u);
  EXPECT_EQ(doubles[0].low, 9007199254740994.0);
}

TEST(NumberRangesOfTest, BoolsAreZeroAndOne) {
  using Ranges = std::vector<NumberRange<uint8_t>>;
  EXPECT_EQ(RangesOfBools(0), Ranges{});
  EXPECT_EQ(RangesOfBools(ValueSet::kFalse), (Ranges{{0, 0}}));
  EXPECT_EQ(RangesOfBools(ValueSet::kTrue), (Ranges{{1, 1}}));
  EXPECT_EQ(RangesOfBools(ValueSet::kTrue | ValueSet::kFalse), (Ranges{{0, 0}, {1, 1}}));
}

}  // namespace
}  // namespace vecdb::filter
