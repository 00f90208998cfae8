#include "index/row_limits.h"

#include <gtest/gtest.h>

#include "support/status_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr float kUnbounded = RowLimits::kUnbounded;

TEST(RowLimitsTest, TheDefaultLetsEveryDistancePass) {
  const RowLimits limits;
  EXPECT_FALSE(limits.any());
  EXPECT_EQ(limits.farthest(), kUnbounded);
  for (const float distance : {-kUnbounded, -1.0f, 0.0f, 3.0f, kUnbounded}) {
    EXPECT_TRUE(limits.Contains(distance, 0)) << distance;
  }
}

TEST(RowLimitsTest, TheLowerBoundIsInAndTheUpperOut) {
  const RowLimits limits{.min_distance = -2, .max_distance = 5};
  EXPECT_TRUE(limits.any());
  EXPECT_FALSE(limits.Contains(std::nextafter(-2.0f, -kUnbounded), 0));
  EXPECT_TRUE(limits.Contains(-2, 0));
  EXPECT_TRUE(limits.Contains(std::nextafter(5.0f, -kUnbounded), 0));
  EXPECT_FALSE(limits.Contains(5, 0));
  EXPECT_FALSE(limits.Contains(kUnbounded, 0));
  EXPECT_EQ(limits.farthest(), std::nextafter(5.0f, -kUnbounded));
}

TEST(RowLimitsTest, ScoresOfEveryMetricBecomeOneInterval) {
  const auto l2 = LimitsOfScores(Metric::kL2, 9.0f, 4.0f);
  ASSERT_OK(l2);
  EXPECT_EQ(l2->min_distance, 4);
  EXPECT_EQ(l2->max_distance, 9);
  for (const Metric metric : {Metric::kIp, Metric::kCosine}) {
    const auto limits = LimitsOfScores(metric, 0.5f, 0.75f);
    ASSERT_OK(limits);
    EXPECT_EQ(limits->min_distance, -0.75f);
    EXPECT_EQ(limits->max_distance, -0.5f);
  }
}

TEST(RowLimitsTest, EitherScoreMayBeLeftOut) {
  const auto radius = LimitsOfScores(Metric::kIp, -1.0f, std::nullopt);
  ASSERT_OK(radius);
  EXPECT_EQ(radius->min_distance, -kUnbounded);
  EXPECT_EQ(radius->max_distance, 1);
  const auto filter = LimitsOfScores(Metric::kL2, std::nullopt, 1.0f);
  ASSERT_OK(filter);
  EXPECT_EQ(filter->min_distance, 1);
  EXPECT_EQ(filter->max_distance, kUnbounded);
  const auto none = LimitsOfScores(Metric::kL2, std::nullopt, std::nullopt);
  ASSERT_OK(none);
  EXPECT_FALSE(none->any());
}

TEST(RowLimitsTest, RangesWithoutScoresAreRefused) {
  const auto code = [](Metric metric, std::optional<float> radius, std::optional<float> filter) {
    return CodeOf(LimitsOfScores(metric, radius, filter));
  };
  EXPECT_EQ(code(Metric::kL2, 4.0f, 4.0f), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Metric::kL2, 4.0f, 9.0f), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Metric::kIp, 4.0f, 4.0f), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Metric::kCosine, 0.75f, 0.5f), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Metric::kL2, std::nullopt, kUnbounded), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Metric::kL2, -kUnbounded, std::nullopt), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Metric::kL2, NAN, std::nullopt), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Metric::kL2, std::nullopt, NAN), absl::StatusCode::kInvalidArgument);
}

TEST(RowLimitsTest, TheRefusalNamesBothBoundsAndTheMetric) {
  const absl::Status status = LimitsOfScores(Metric::kCosine, 0.75f, 0.5f).status();
  EXPECT_EQ(
      std::string(status.message()),
      "no score lies between radius 0.75 and range_filter 0.5: under COSINE range_filter must "
      "be larger");
}

}  // namespace
}  // namespace vecdb::index
