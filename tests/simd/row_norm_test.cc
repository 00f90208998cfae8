#include "simd/row_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace vecdb::simd {
namespace {

constexpr float kMinNormal = std::numeric_limits<float>::min();
constexpr float kMax = std::numeric_limits<float>::max();
constexpr float kDenormal = std::numeric_limits<float>::denorm_min();

TEST(RowNormTest, IsOneOverTheEuclideanNorm) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  for (size_t dim = 1; dim <= 70; ++dim) {
    std::vector<float> row(dim);
    double square = 0;
    for (float& value : row) {
      value = normal(random);
      square += static_cast<double>(value) * static_cast<double>(value);
    }
    EXPECT_FLOAT_EQ(InverseNorm(row.data(), dim), static_cast<float>(1 / std::sqrt(square)));
  }
}

TEST(RowNormTest, AZeroVectorHasZero) {
  const float zeros[] = {0, -0.0f, 0};
  EXPECT_EQ(InverseNorm(zeros, 3), 0);
}

TEST(RowNormTest, NeitherOverflowsNorVanishes) {
  const std::vector<float> huge(100, kMax);
  const std::vector<float> tiny(3, kDenormal);
  EXPECT_EQ(InverseNorm(huge.data(), huge.size()), kMinNormal);
  EXPECT_EQ(InverseNorm(tiny.data(), tiny.size()), kMax);
  const float large = 1e37f;
  EXPECT_FLOAT_EQ(InverseNorm(&large, 1), 1e-37f);
}

TEST(RowNormTest, CosineInDoubleHoldsAtBothEndsOfTheRange) {
  const float a[] = {kMax, kMax};
  const float b[] = {kDenormal, 0};
  EXPECT_FLOAT_EQ(CosineInDouble(a, b, 2), std::sqrt(0.5f));
  EXPECT_FLOAT_EQ(CosineInDouble(a, a, 2), 1);
  const float zeros[] = {0, 0};
  EXPECT_EQ(CosineInDouble(a, zeros, 2), 0);
}

}  // namespace
}  // namespace vecdb::simd
