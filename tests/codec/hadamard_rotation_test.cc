#include "codec/hadamard_rotation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "hwy/highway.h"

namespace vecdb::codec {
namespace {

constexpr size_t kRotationDims[] = {1, 2, 3, 7, 63, 64, 65, 100, 128, 129, 192, 257, 784, 1536};

// Normal values, and zeros up to the padded dimension.
std::vector<float> RandomPadded(const HadamardRotation& rotation, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(rotation.padded_dim());
  for (size_t i = 0; i < rotation.dim(); ++i) values[i] = normal(random);
  return values;
}

double DotInDouble(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

std::vector<float> RotatedUnit(const HadamardRotation& rotation, size_t i) {
  std::vector<float> unit(rotation.padded_dim());
  unit[i] = 1;
  rotation.Rotate(unit.data());
  return unit;
}

TEST(HadamardRotationTest, PadsToAMultipleOf64) {
  EXPECT_EQ(HadamardRotation(1, 0).padded_dim(), 64u);
  EXPECT_EQ(HadamardRotation(64, 0).padded_dim(), 64u);
  EXPECT_EQ(HadamardRotation(65, 0).padded_dim(), 128u);
  EXPECT_EQ(HadamardRotation(784, 0).padded_dim(), 832u);
}

TEST(HadamardRotationTest, KeepsLengthsAndDotProducts) {
  for (const size_t dim : kRotationDims) {
    const HadamardRotation rotation(dim, 3);
    std::vector<float> a = RandomPadded(rotation, 1);
    std::vector<float> b = RandomPadded(rotation, 2);
    const double aa = DotInDouble(a, a);
    const double bb = DotInDouble(b, b);
    const double ab = DotInDouble(a, b);
    rotation.Rotate(a.data());
    rotation.Rotate(b.data());
    EXPECT_NEAR(DotInDouble(a, a), aa, 1e-6 * aa) << dim;
    EXPECT_NEAR(DotInDouble(a, b), ab, 1e-6 * std::sqrt(aa * bb)) << dim;
  }
}

TEST(HadamardRotationTest, RotateBackTakesItBack) {
  for (const size_t dim : kRotationDims) {
    const HadamardRotation rotation(dim, 4);
    const std::vector<float> values = RandomPadded(rotation, dim);
    std::vector<float> there_and_back = values;
    rotation.Rotate(there_and_back.data());
    rotation.RotateBack(there_and_back.data());
    for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(there_and_back[i], values[i], 1e-5f);
  }
}

TEST(HadamardRotationTest, UnitVectorsStayOrthogonal) {
  const HadamardRotation rotation(192, 5);
  std::vector<std::vector<float>> units;
  for (size_t i = 0; i < 192; ++i) units.push_back(RotatedUnit(rotation, i));
  for (size_t i = 0; i < 192; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      EXPECT_NEAR(DotInDouble(units[i], units[j]), i == j ? 1 : 0, 1e-6) << i << " " << j;
    }
  }
}

// A vector that has its length in one dimension has it in all of them afterwards: the largest of d
// normal numbers stays below 6 standard deviations, and their fourth moment is near 3.
TEST(HadamardRotationTest, SpreadsUnitVectorsEvenly) {
  for (const size_t dim : std::initializer_list<size_t>{64, 192, 784, 1024, 1984}) {
    const HadamardRotation rotation(dim, 6);
    const double padded = static_cast<double>(rotation.padded_dim());
    for (size_t i = 0; i < dim; i += 5) {
      double fourth_moment = 0;
      for (const float value : RotatedUnit(rotation, i)) {
        const double deviations = std::abs(static_cast<double>(value)) * std::sqrt(padded);
        EXPECT_LT(deviations, 6) << dim << " " << i;
        fourth_moment += std::pow(deviations, 4) / padded;
      }
      EXPECT_GT(fourth_moment, 1.5) << dim << " " << i;
      EXPECT_LT(fourth_moment, 5) << dim << " " << i;
    }
  }
}

TEST(HadamardRotationTest, TheSeedDecides) {
  const HadamardRotation one(100, 1), same(100, 1), other(100, 2);
  EXPECT_EQ(RotatedUnit(one, 7), RotatedUnit(same, 7));
  EXPECT_NE(RotatedUnit(one, 7), RotatedUnit(other, 7));
}

TEST(HadamardRotationTest, HasTheSameBitsOnEveryInstructionSet) {
  for (const size_t dim : kRotationDims) {
    std::vector<std::vector<float>> found;
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
      hwy::SetSupportedTargetsForTest(target);
      const HadamardRotation rotation(dim, 7);
      found.push_back(RandomPadded(rotation, 8));
      rotation.Rotate(found.back().data());
      hwy::SetSupportedTargetsForTest(0);
    }
    for (const std::vector<float>& values : found) EXPECT_EQ(values, found.front()) << dim;
  }
}

// Codes in files stand for rows rotated like this: the numbers must never change.
TEST(HadamardRotationTest, IsTheRotationOfTheFiles) {
  std::vector<float> values(HadamardRotation(130, 42).padded_dim());
  for (size_t i = 0; i < 130; ++i) values[i] = static_cast<float>(i);
  HadamardRotation(130, 42).Rotate(values.data());
  EXPECT_EQ(values[0], -0x1.0a1c2cp+7f);
  EXPECT_EQ(values[1], 0x1.626082p+4f);
  EXPECT_EQ(values[64], 0x1.ea176p+4f);
  EXPECT_EQ(values[191], 0x1.ce3f28p+5f);
}

}  // namespace
}  // namespace vecdb::codec
