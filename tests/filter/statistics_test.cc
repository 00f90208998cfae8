#include "filter/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

#include "filter/evaluate_testing.h"
#include "filter/random_numbers.h"

namespace vecdb::filter {
namespace {

schema::ColumnStats Integers(int64_t low, int64_t high, uint32_t distinct = 0) {
  return {.has_bounds = true,
          .min_integer = low,
          .max_integer = high,
          .num_rows = 100,
          .distinct = distinct};
}

schema::ColumnStats StringStats(std::string low, std::string high) {
  return {.has_bounds = true, .min_string = std::move(low), .max_string = std::move(high)};
}

Verdict JudgeText(const std::string& filter, DataType type, const schema::ColumnStats& stats) {
  return Judge(RandomSchemaNode(filter).set, type, &stats);
}

TEST(StatisticsTest, VerdictsAreRightAndNotTimidForEverySetOfIntegers) {
  const uint64_t seed = support::TestSeed("StatisticsTest");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (int i = support::ScaledCount(2000); i > 0; --i) {
    const ValueSet set{.numbers = RandomNumberSet(random, random.Below(5))};
    const auto low = static_cast<int64_t>(random.Below(30)) - 15;
    const int64_t high = low + static_cast<int64_t>(random.Below(4));
    int64_t held = 0;
    for (int64_t value = low; value <= high; ++value) held += set.numbers.Contains(Number(value));
    const schema::ColumnStats stats = Integers(low, high);
    const Verdict verdict = Judge(set, DataType::kInt64, &stats);
    ASSERT_TRUE(verdict != Verdict::kNone || held == 0);
    ASSERT_TRUE(verdict != Verdict::kAll || held == high - low + 1);
    ASSERT_TRUE(low < high || verdict != Verdict::kSome);
    const double share = EstimateShare(set, DataType::kInt64, &stats);
    ASSERT_TRUE(share >= 0 && share <= 1);
  }
}

TEST(StatisticsTest, RealsAndBoolsAreJudgedByTheirOwnBounds) {
  schema::ColumnStats reals{.has_bounds = true, .min_real = 1.5, .max_real = 2.5};
  EXPECT_EQ(JudgeText("d < 1.5", DataType::kDouble, reals), Verdict::kNone);
  EXPECT_EQ(JudgeText("d <= 1.5", DataType::kDouble, reals), Verdict::kSome);
  EXPECT_EQ(JudgeText("d >= 1.5", DataType::kDouble, reals), Verdict::kAll);
  reals.max_real = std::numeric_limits<double>::infinity();  // which no file should hold
  EXPECT_EQ(JudgeText("d >= 1.5", DataType::kDouble, reals), Verdict::kSome);
  EXPECT_EQ(JudgeText("b", DataType::kBool, Integers(0, 0)), Verdict::kNone);
  EXPECT_EQ(JudgeText("b", DataType::kBool, Integers(1, 1)), Verdict::kAll);
  EXPECT_EQ(JudgeText("b", DataType::kBool, Integers(0, 1)), Verdict::kSome);
}

TEST(StatisticsTest, StringsMayHaveNoUpperBound) {
  schema::ColumnStats stats = StringStats("b", "d");
  EXPECT_EQ(JudgeText("v < \"b\"", DataType::kVarChar, stats), Verdict::kNone);
  EXPECT_EQ(JudgeText("v > \"d\"", DataType::kVarChar, stats), Verdict::kNone);
  EXPECT_EQ(JudgeText("v >= \"b\"", DataType::kVarChar, stats), Verdict::kAll);
  EXPECT_EQ(JudgeText("v <= \"d\"", DataType::kVarChar, stats), Verdict::kAll);
  EXPECT_EQ(JudgeText("v == \"c\"", DataType::kVarChar, stats), Verdict::kSome);
  stats.max_string_known = false;
  EXPECT_EQ(JudgeText("v > \"d\"", DataType::kVarChar, stats), Verdict::kSome);
  EXPECT_EQ(JudgeText("v <= \"d\"", DataType::kVarChar, stats), Verdict::kSome);
  EXPECT_EQ(JudgeText("v < \"b\"", DataType::kVarChar, stats), Verdict::kNone);
  EXPECT_EQ(JudgeText("v >= \"b\"", DataType::kVarChar, stats), Verdict::kAll);
}

TEST(StatisticsTest, NothingIsConcludedFromNothing) {
  const ValueSet set = RandomSchemaNode("i64 == 5").set;
  const schema::ColumnStats unknown;
  EXPECT_EQ(Judge(set, DataType::kInt64, nullptr), Verdict::kSome);
  EXPECT_EQ(Judge(set, DataType::kInt64, &unknown), Verdict::kSome);
  EXPECT_EQ(BoundsOf(DataType::kInt64, &unknown), std::nullopt);
}

TEST(StatisticsTest, SharesFollowRangesAndTheNumberOfDistinctValues) {
  const schema::ColumnStats stats = Integers(0, 1000, 500);
  const auto share = [&stats](const std::string& filter) {
    return EstimateShare(RandomSchemaNode(filter).set, DataType::kInt64, &stats);
  };
  EXPECT_NEAR(share("i64 < 250"), 0.25, 0.01);
  EXPECT_NEAR(share("i64 >= 900"), 0.1, 0.01);
  EXPECT_NEAR(share("i64 == 5"), 1.0 / 500, 1e-9);
  EXPECT_NEAR(share("i64 in [5, 7, 9]"), 3.0 / 500, 1e-9);
  EXPECT_EQ(share("i64 > 1000"), 0);
  EXPECT_EQ(share("i64 >= 0"), 1);
  EXPECT_NEAR(share("i64 != 5"), 1, 0.01);
}

}  // namespace
}  // namespace vecdb::filter
