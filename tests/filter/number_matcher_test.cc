#include "filter/number_matcher.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "filter/evaluate_testing.h"
#include "filter/random_numbers.h"

namespace vecdb::filter {
namespace {

template <typename T>
class NumberMatcherTest : public testing::Test {
 protected:
  void ExpectAsSet(const IntervalSet<Number>& set) {
    const NumberMatcher<T> matcher(RangesOf<T>(set));
    std::vector<T> values(1 + random_.Below(300));
    for (T& value : values) value = RandomNumberOf<T>(random_);
    for (const T value : values) {
      ASSERT_EQ(matcher.Contains(value), set.Contains(ExactNumber(value))) << +value;
    }
    const auto num_rows = static_cast<uint32_t>(values.size());
    const BlockRows before = SomeRows(num_rows, random_);
    BlockRows rows = before;
    matcher.Keep(values.data(), num_rows, &rows);
    for (size_t row = 0; row < schema::kBlockRows; ++row) {
      const bool expected = before.contains(row) && set.Contains(ExactNumber(values[row]));
      ASSERT_EQ(rows.contains(row), expected) << row;
    }
  }

  support::SeededRandom random_{support::TestSeed("NumberMatcherTest")};
};

using Types = testing::Types<int8_t, int16_t, int32_t, int64_t, float, double>;
TYPED_TEST_SUITE(NumberMatcherTest, Types);

TYPED_TEST(NumberMatcherTest, SetsOfAnyNumberOfIntervalsKeepTheirRows) {
  for (int i = support::ScaledCount(100); i > 0; --i) {
    this->ExpectAsSet(RandomNumberSet(this->random_, this->random_.Below(12)));
  }
}

TYPED_TEST(NumberMatcherTest, ListsOfPointsDenseOrNotKeepTheirRows) {
  for (int i = support::ScaledCount(40); i > 0; --i) {
    std::vector<Number> points;
    const bool dense = this->random_.OneIn(2);
    for (uint64_t left = this->random_.Below(200); left > 0; --left) {
      points.push_back(dense ? Number(static_cast<int64_t>(this->random_.Below(60)) - 20)
                             : RandomBound(this->random_));
    }
    const auto set = IntervalSet<Number>::Points(points);
    this->ExpectAsSet(set);
    this->ExpectAsSet(set.Complement());
  }
}

TEST(NumberMatcherOfTest, ConstantBlocksAreDecidedByTheirValue) {
  const NumberMatcher<int64_t> matcher({{5, 9}});
  for (const int64_t value : {4, 5, 9, 10}) {
    BlockRows rows = BlockRows::First(100);
    matcher.Keep({.num_rows = 100, .constant = true, .numbers = &value}, &rows);
    EXPECT_EQ(rows.count(), value >= 5 && value <= 9 ? 100u : 0u) << value;
  }
}

TEST(NumberMatcherOfTest, BothZerosAreOne) {
  std::vector<Number> points = {Number(0.0)};
  for (int i = 1; i < 20; ++i) points.emplace_back(i * 1e10 + 0.5);
  const NumberMatcher<double> matcher(RangesOf<double>(IntervalSet<Number>::Points(points)));
  EXPECT_TRUE(matcher.Contains(0.0));
  EXPECT_TRUE(matcher.Contains(-0.0));
  EXPECT_FALSE(matcher.Contains(5e-324));
}

}  // namespace
}  // namespace vecdb::filter
