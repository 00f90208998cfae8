#include "simd/hadamard.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "hwy/highway.h"

namespace vecdb::simd {
namespace {

// Runs each test once for each instruction set that was compiled and that this machine has.
class HadamardTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

std::vector<float> RandomValues(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(size);
  for (float& value : values) value = normal(random);
  return values;
}

// The transform with the sums that every instruction set must make, in their order.
void TransformPlainly(float* values, size_t size) {
  for (size_t stride = 1; stride < size; stride *= 2) {
    for (size_t i = 0; i < size; ++i) {
      if ((i & stride) != 0) continue;
      const float a = values[i];
      const float b = values[i + stride];
      values[i] = a + b;
      values[i + stride] = a - b;
    }
  }
}

TEST_P(HadamardTest, TransformsByTheSignsOfHadamardsMatrix) {
  constexpr size_t kSize = 128;
  const std::vector<float> values = RandomValues(kSize, 1);
  std::vector<float> found = values;
  GetHadamardKernels().transform(found.data(), kSize);
  for (size_t row = 0; row < kSize; ++row) {
    double sum = 0;
    for (size_t i = 0; i < kSize; ++i) {
      const double value = static_cast<double>(values[i]);
      sum += std::popcount(row & i) % 2 == 0 ? value : -value;
    }
    EXPECT_NEAR(static_cast<double>(found[row]), sum, 1e-4) << row;
  }
}

TEST_P(HadamardTest, TransformHasTheBitsOfThePlainSums) {
  for (size_t size = 16; size <= 4096; size *= 2) {
    std::vector<float> found = RandomValues(size + 1, size);
    std::vector<float> expected = found;
    GetHadamardKernels().transform(found.data() + 1, size);
    TransformPlainly(expected.data() + 1, size);
    EXPECT_EQ(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)), 0) << size;
  }
}

TEST_P(HadamardTest, MultipliesAndMixesElementByElement) {
  for (const size_t size : std::initializer_list<size_t>{32, 64, 96, 832}) {
    const std::vector<float> a = RandomValues(size + 1, size);
    const std::vector<float> b = RandomValues(size, size + 1);
    std::vector<float> product(size + 1);
    GetHadamardKernels().multiply(a.data() + 1, b.data(), size, product.data() + 1);
    for (size_t i = 0; i < size; ++i) EXPECT_EQ(product[i + 1], a[i + 1] * b[i]);
    std::vector<float> mixed = a;
    GetHadamardKernels().butterfly(mixed.data() + 1, size / 2);
    for (size_t i = 1; i <= size / 2; ++i) {
      EXPECT_EQ(mixed[i], a[i] + a[i + size / 2]);
      EXPECT_EQ(mixed[i + size / 2], a[i] - a[i + size / 2]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, HadamardTest,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const ::testing::TestParamInfo<int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

}  // namespace
}  // namespace vecdb::simd
