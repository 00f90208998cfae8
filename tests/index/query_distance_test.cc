#include "index/query_distance.h"

#include <gtest/gtest.h>

#include <limits>

#include "index/index_testing.h"

namespace vecdb::index {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(QueryDistanceTest, FollowsTheDefinitionOfEachMetric) {
  const TestRows rows({3, 4, /**/ 0, 2}, 2);
  const float query[] = {1, 0};
  EXPECT_EQ(QueryDistance(rows.view(), Metric::kL2, query).One(0), 20);
  EXPECT_EQ(QueryDistance(rows.view(), Metric::kIp, query).One(0), -3);
  EXPECT_FLOAT_EQ(QueryDistance(rows.view(), Metric::kCosine, query).One(0), -0.6f);
  EXPECT_EQ(QueryDistance(rows.view(), Metric::kCosine, query).One(1), 0);
}

TEST(QueryDistanceTest, EveryFormHasTheSameBits) {
  const TestRows rows = RandomRows(100, 300, 1);
  const std::vector<float> query = RandomValues(300, 2);
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const QueryDistance distance(rows.view(), metric, query.data());
    std::vector<uint32_t> ids(100);
    for (uint32_t i = 0; i < 100; ++i) ids[i] = 99 - i;
    std::vector<float> block(100), gathered(100);
    distance.Block(0, 100, block.data());
    distance.Gather(ids.data(), 100, kInf, gathered.data());
    for (uint32_t i = 0; i < 100; ++i) {
      EXPECT_EQ(block[i], distance.One(i));
      EXPECT_EQ(gathered[99 - i], distance.One(i));
    }
  }
}

TEST(QueryDistanceTest, ARowAsQueryIsTheSameAsItsValues) {
  const TestRows rows = RandomRows(10, 20, 3);
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const QueryDistance by_row(rows.view(), metric, simd::KernelsFor(metric), 4);
    const QueryDistance by_value(rows.view(), metric, rows.view().row(4));
    for (uint32_t i = 0; i < 10; ++i) EXPECT_EQ(by_row.One(i), by_value.One(i));
  }
}

TEST(QueryDistanceTest, CosineDoesNotDependOnTheLengthOfVectors) {
  for (const float scale : {1e-42f, 1e-30f, 1e-15f, 1e15f, 1e37f}) {
    const TestRows rows({3 * scale, 4 * scale}, 2);
    for (const float query_scale : {1e-30f, 1.0f, 1e30f}) {
      const float query[] = {query_scale, 0};
      EXPECT_NEAR(QueryDistance(rows.view(), Metric::kCosine, query).One(0), -0.6f, 1e-3f)
          << scale << " " << query_scale;
    }
  }
}

TEST(QueryDistanceTest, CosineStaysFromMinusOneToOne) {
  for (const int32_t dim : {9, 25, 31, 36, 97}) {
    std::vector<float> ones(static_cast<size_t>(dim), 1.0f);
    const std::vector<float> row = ones;
    const TestRows rows(row, dim);
    EXPECT_GE(QueryDistance(rows.view(), Metric::kCosine, ones.data()).One(0), -1) << dim;
    for (float& value : ones) value = -1;
    EXPECT_LE(QueryDistance(rows.view(), Metric::kCosine, ones.data()).One(0), 1) << dim;
  }
}

TEST(QueryDistanceTest, AZeroVectorScoresZeroUnderCosine) {
  const TestRows rows({0, 0, /**/ 1, 2}, 2);
  const float zero[] = {0, 0};
  const float query[] = {5, 5};
  EXPECT_EQ(QueryDistance(rows.view(), Metric::kCosine, query).One(0), 0);
  EXPECT_EQ(QueryDistance(rows.view(), Metric::kCosine, zero).One(0), 0);
  EXPECT_EQ(QueryDistance(rows.view(), Metric::kCosine, zero).One(1), 0);
}

TEST(QueryDistanceTest, NanFromOverflowIsInfinitelyFar) {
  const TestRows rows({1e30f, 1e30f}, 2);
  const float query[] = {1e30f, -1e30f};
  EXPECT_EQ(QueryDistance(rows.view(), Metric::kIp, query).One(0), kInf);
  EXPECT_EQ(QueryDistance(rows.view(), Metric::kL2, query).One(0), kInf);
}

TEST(QueryDistanceTest, ScoresAreRawAndNeverMinusZero) {
  EXPECT_EQ(ScoreOf(Metric::kL2, 2.5f), 2.5f);
  EXPECT_EQ(ScoreOf(Metric::kIp, -2.5f), 2.5f);
  EXPECT_FALSE(std::signbit(ScoreOf(Metric::kIp, 0.0f)));
  EXPECT_FALSE(std::signbit(ScoreOf(Metric::kCosine, -0.0f)));
}

}  // namespace
}  // namespace vecdb::index
