#include "codec/rotation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "codec/codec_testing.h"
#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

std::vector<float> RandomOrthogonal(size_t dim, uint64_t seed) {
  auto matrix = NearestOrthogonal(NormalRows(dim, dim, seed), dim);
  EXPECT_OK(matrix);
  return *std::move(matrix);
}

TEST(RotationTest, TurningKeepsLengthsAndTurningBackGivesTheRow) {
  for (const size_t dim : std::initializer_list<size_t>{1, 2, 17, 64}) {
    const Rotation rotation(RandomOrthogonal(dim, dim), dim);
    const std::vector<float> rows = NormalRows(9, dim, 1);
    std::vector<float> turned(rows.size());
    std::vector<float> back(rows.size());
    rotation.Turn(rows.data(), 9, turned.data());
    rotation.TurnBack(turned.data(), 9, back.data());
    for (size_t i = 0; i < 9; ++i) {
      const double length = DotProduct(&rows[i * dim], &rows[i * dim], dim);
      EXPECT_NEAR(DotProduct(&turned[i * dim], &turned[i * dim], dim), length, 1e-5 * length);
      for (size_t d = 0; d < dim; ++d) {
        EXPECT_NEAR(back[i * dim + d], rows[i * dim + d], 1e-5);
        EXPECT_NEAR(turned[i * dim + d],
                    DotProduct(rotation.matrix().data() + d * dim, &rows[i * dim], dim), 1e-5);
      }
    }
  }
}

TEST(RotationTest, TheNearestOrthogonalMatrixOfARotationIsItself) {
  const std::vector<float> rotation = RandomOrthogonal(12, 3);
  std::vector<float> scaled = rotation;
  for (float& value : scaled) value *= 7;
  auto nearest = NearestOrthogonal(scaled, 12);
  ASSERT_OK(nearest);
  for (size_t i = 0; i < rotation.size(); ++i) EXPECT_NEAR((*nearest)[i], rotation[i], 1e-5);
  auto of_zeros = NearestOrthogonal(std::vector<float>(16), 4);
  ASSERT_OK(of_zeros);
  EXPECT_TRUE(IsOrthogonal(*of_zeros, 4));
}

TEST(RotationTest, OnlyRotationsAreOrthogonal) {
  std::vector<float> matrix = RandomOrthogonal(10, 4);
  EXPECT_TRUE(IsOrthogonal(matrix, 10));
  EXPECT_FALSE(IsOrthogonal(matrix, 9));
  matrix[37] += 0.01f;
  EXPECT_FALSE(IsOrthogonal(matrix, 10));
  EXPECT_FALSE(IsOrthogonal(std::vector<float>(16), 4));
  matrix[37] = std::nanf("");
  EXPECT_FALSE(IsOrthogonal(matrix, 10));
}

TEST(RotationTest, PrincipalAxesComeInTheOrderOfTheirVariance) {
  const std::vector<float> axes = RandomOrthogonal(6, 5);
  std::vector<float> covariance(36);
  for (size_t i = 0; i < 6; ++i) {
    for (size_t j = 0; j < 6; ++j) {
      for (size_t axis = 0; axis < 6; ++axis) {
        const float variance = static_cast<float>(1 + axis);
        covariance[i * 6 + j] += variance * axes[axis * 6 + i] * axes[axis * 6 + j];
      }
    }
  }
  std::vector<float> variances;
  auto found = PrincipalAxes(covariance, 6, &variances);
  ASSERT_OK(found);
  EXPECT_TRUE(IsOrthogonal(*found, 6));
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(variances[i], static_cast<float>(6 - i), 1e-4);
    EXPECT_NEAR(std::abs(DotProduct(&(*found)[i * 6], &axes[(5 - i) * 6], 6)), 1, 1e-4);
  }
}

}  // namespace
}  // namespace vecdb::codec
