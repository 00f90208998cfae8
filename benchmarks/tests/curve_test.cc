#include "ann/curve.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ann/report.h"

namespace vecdb::bench {
namespace {

using Points = std::vector<CurvePoint>;

TEST(ParetoFrontTest, LeavesOutPointsThatAnotherBeats) {
  EXPECT_EQ(ParetoFront(Points{{0.9, 100}, {0.8, 90}, {0.95, 50}, {0.94, 40}, {0.7, 200}}),
            (Points{{0.7, 200}, {0.9, 100}, {0.95, 50}}));
}

TEST(ParetoFrontTest, OfEqualRecallTheFasterStays) {
  EXPECT_EQ(ParetoFront(Points{{0.9, 100}, {0.9, 120}, {0.9, 110}}), (Points{{0.9, 120}}));
  EXPECT_EQ(ParetoFront(Points{{0.9, 100}, {0.95, 100}}), (Points{{0.95, 100}}));
  EXPECT_EQ(ParetoFront(Points{}), Points{});
}

TEST(QpsAtTest, InterpolatesTheLogarithmBetweenNeighbours) {
  const Points front = {{0.8, 1000}, {0.9, 100}, {1.0, 1}};
  EXPECT_NEAR(*QpsAt(front, 0.85), std::sqrt(1000.0 * 100.0), 1e-6);
  EXPECT_NEAR(*QpsAt(front, 0.95), 10, 1e-6);
  EXPECT_NEAR(*QpsAt(front, 0.9), 100, 1e-9);
  EXPECT_NEAR(*QpsAt(front, 1.0), 1, 1e-9);
}

TEST(QpsAtTest, NothingIsKnownAboveTheHighestRecall) {
  const Points front = {{0.8, 1000}, {0.9, 100}};
  EXPECT_FALSE(QpsAt(front, 0.91).has_value());
  EXPECT_FALSE(QpsAt(Points{}, 0.5).has_value());
}

TEST(QpsAtTest, BelowTheLowestRecallItsPointStands) {
  EXPECT_EQ(QpsAt(Points{{0.8, 1000}, {0.9, 100}}, 0.5), 1000);
}

EngineResult ResultOf(const std::string& name, const Points& points) {
  EngineResult result{.name = name};
  for (const CurvePoint& point : points) {
    result.points.push_back({.recall = point.recall, .qps = point.qps});
  }
  return result;
}

TEST(CompareEnginesTest, DividesTheFirstByEachOther) {
  const std::vector<EngineResult> results = {
      ResultOf("a", {{0.8, 400}, {0.9, 200}, {0.99, 20}}),
      ResultOf("b", {{0.8, 200}, {0.9, 100}}),
      ResultOf("c", {{0.9, 400}}),
  };
  const std::vector<double> recalls = {0.9, 0.95};
  const std::vector<Ratio> ratios = CompareEngines(results, recalls);
  ASSERT_EQ(ratios.size(), 4U);
  EXPECT_EQ(ratios[0].against, "b");
  EXPECT_EQ(ratios[0].recall, 0.9);
  EXPECT_NEAR(ratios[0].qps_ratio.value(), 2, 1e-9);
  EXPECT_FALSE(ratios[1].qps_ratio.has_value());
  EXPECT_EQ(ratios[2].against, "c");
  EXPECT_NEAR(ratios[2].qps_ratio.value(), 0.5, 1e-9);
  EXPECT_FALSE(ratios[2].is_below_a_curve);
  EXPECT_FALSE(ratios[3].qps_ratio.has_value());
}

TEST(CompareEnginesTest, SaysWhereACurveBeginsAtAHigherRecall) {
  const std::vector<EngineResult> results = {ResultOf("a", {{0.8, 400}, {0.99, 20}}),
                                             ResultOf("b", {{0.95, 100}})};
  const std::vector<double> recalls = {0.8};
  const std::vector<Ratio> ratios = CompareEngines(results, recalls);
  ASSERT_EQ(ratios.size(), 1U);
  EXPECT_NEAR(ratios[0].qps_ratio.value(), 4, 1e-9);
  EXPECT_TRUE(ratios[0].is_below_a_curve);
}

}  // namespace
}  // namespace vecdb::bench
