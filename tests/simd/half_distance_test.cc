#include "simd/half_distance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "hwy/highway.h"

namespace vecdb::simd {
namespace {

constexpr size_t kHalfRows = 9;

// What the bits of a finite half stand for.
double ValueOfHalf(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int mantissa = half & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

uint16_t HalfAt(const uint8_t* halves, size_t i) {
  uint16_t half;
  std::memcpy(&half, halves + 2 * i, sizeof(half));
  return half;
}

bool SameFloatBits(float a, float b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }

// Runs each test once for each instruction set that was compiled and that this machine has.
class HalfDistanceTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

// A query, and kHalfRows rows of halves one byte past an aligned address, ending where their
// allocation ends.
struct HalfData {
  explicit HalfData(size_t row_dim, float scale = 1)
      : dim(row_dim), query(dim), memory(std::make_unique<uint8_t[]>(1 + kHalfRows * dim * 2)) {
    std::mt19937_64 random(dim);
    std::normal_distribution<float> normal;
    for (float& value : query) value = normal(random) * scale;
    std::vector<float> rows_of_floats(kHalfRows * dim);
    for (float& value : rows_of_floats) value = normal(random) * scale;
    BestHalfKernels().from_floats(rows_of_floats.data(), rows_of_floats.size(), memory.get() + 1);
  }
  CodeRows rows() const {
    return {.codes = memory.get() + 1, .stride = dim * 2, .count = kHalfRows};
  }

  size_t dim;
  std::vector<float> query;
  std::unique_ptr<uint8_t[]> memory;
};

// The sums in double, and what float may be off by: each of dim + 16 roundings loses at most one
// part in 2^24 of the sum of the absolute values.
struct HalfReference {
  HalfReference(const HalfData& data, const uint8_t* row) {
    double absolute = 0;
    for (size_t d = 0; d < data.dim; ++d) {
      const double value = ValueOfHalf(HalfAt(row, d));
      const double query = static_cast<double>(data.query[d]);
      squared += (query - value) * (query - value);
      dot += query * value;
      absolute += std::abs(query * value);
    }
    const double share = static_cast<double>(data.dim + 16) * 0x1p-24;
    squared_tolerance = squared * share;
    dot_tolerance = absolute * share;
  }

  double squared = 0, dot = 0, squared_tolerance = 0, dot_tolerance = 0;
};

TEST_P(HalfDistanceTest, AgreesWithDoubleForEveryDim) {
  std::vector<size_t> dims = {255, 256, 257, 511, 784, 1023, 1536};
  for (size_t dim = 1; dim <= 70; ++dim) dims.push_back(dim);
  for (const size_t dim : dims) {
    const HalfData data(dim);
    float squared[kHalfRows], dot[kHalfRows];
    BestHalfKernels().squared(data.query.data(), dim, data.rows(), squared);
    BestHalfKernels().dot(data.query.data(), dim, data.rows(), dot);
    for (size_t i = 0; i < kHalfRows; ++i) {
      const HalfReference expected(data, data.rows().row(i));
      EXPECT_NEAR(squared[i], expected.squared, expected.squared_tolerance) << dim;
      EXPECT_NEAR(dot[i], expected.dot, expected.dot_tolerance) << dim;
    }
  }
}

TEST_P(HalfDistanceTest, AgreesWithDoubleOnDenormalAndGreatHalves) {
  for (const float scale : {1e-6f, 1e4f}) {
    const HalfData data(99, scale);
    float dot[kHalfRows];
    BestHalfKernels().dot(data.query.data(), data.dim, data.rows(), dot);
    for (size_t i = 0; i < kHalfRows; ++i) {
      const HalfReference expected(data, data.rows().row(i));
      EXPECT_NEAR(dot[i], expected.dot, expected.dot_tolerance) << scale;
    }
  }
}

TEST_P(HalfDistanceTest, ARowHasTheSameBitsInEveryCall) {
  const uint32_t ids[kHalfRows] = {8, 3, 3, 0, 7, 1, 2, 6, 5};
  for (const size_t dim : std::initializer_list<size_t>{1, 7, 16, 31, 100, 257}) {
    const HalfData data(dim);
    const HalfKernels& kernels = BestHalfKernels();
    float squared[kHalfRows], dot[kHalfRows];
    kernels.squared(data.query.data(), dim, data.rows(), squared);
    kernels.dot(data.query.data(), dim, data.rows(), dot);
    for (size_t count = 0; count <= kHalfRows; ++count) {
      CodeRows rows = data.rows();
      rows.ids = ids;
      rows.count = count;
      float out[kHalfRows + 1];
      out[count] = -7;
      kernels.squared(data.query.data(), dim, rows, out);
      for (size_t i = 0; i < count; ++i) EXPECT_TRUE(SameFloatBits(out[i], squared[ids[i]])) << dim;
      kernels.dot(data.query.data(), dim, rows, out);
      for (size_t i = 0; i < count; ++i) EXPECT_TRUE(SameFloatBits(out[i], dot[ids[i]])) << dim;
      EXPECT_EQ(out[count], -7);
    }
  }
}

TEST_P(HalfDistanceTest, EveryFiniteHalfGoesThereAndBack) {
  std::vector<uint8_t> halves;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    if ((bits >> 10 & 31) == 31) continue;  // infinite or no number
    halves.push_back(static_cast<uint8_t>(bits));
    halves.push_back(static_cast<uint8_t>(bits >> 8));
  }
  const size_t count = halves.size() / 2;
  std::vector<float> floats(count);
  BestHalfKernels().to_floats(halves.data(), count, floats.data());
  for (size_t i = 0; i < count; ++i) {
    ASSERT_EQ(floats[i], ValueOfHalf(HalfAt(halves.data(), i)));
  }
  std::vector<uint8_t> again(halves.size());
  BestHalfKernels().from_floats(floats.data(), count, again.data());
  EXPECT_EQ(again, halves);
}

// The half is the one that is nearest, and even when two are as near.
void ExpectNearestHalf(float value, uint16_t half) {
  const double exact = static_cast<double>(value);
  const double error = std::abs(ValueOfHalf(half) - exact);
  for (const int step : {-1, 1}) {
    const auto other = static_cast<uint16_t>(half + step);
    if ((other >> 10 & 31) == 31 || ((other ^ half) & 0x8000) != 0) continue;
    const double other_error = std::abs(ValueOfHalf(other) - exact);
    ASSERT_TRUE(error < other_error || (error == other_error && (half & 1) == 0))
        << value << " became " << ValueOfHalf(half);
  }
}

TEST_P(HalfDistanceTest, FloatsBecomeTheNearestHalf) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<float> exponent(-30, 15.9f), sign(-1, 1);
  std::vector<float> values;
  for (int i = 0; i < 20003; ++i) {
    values.push_back(std::copysign(std::exp2(exponent(random)), sign(random)));
  }
  for (uint16_t half = 0; half < 0x7bff; ++half) {  // those right between two halves
    values.push_back(
        static_cast<float>((ValueOfHalf(half) + ValueOfHalf(static_cast<uint16_t>(half + 1))) / 2));
  }
  std::vector<uint8_t> halves(2 * values.size());
  BestHalfKernels().from_floats(values.data(), values.size(), halves.data());
  for (size_t i = 0; i < values.size(); ++i) ExpectNearestHalf(values[i], HalfAt(halves.data(), i));
}

TEST_P(HalfDistanceTest, LargeFloatsAreHeldToTheGreatestHalf) {
  for (const float value :
       {65504.0f, 65505.0f, 65520.0f, 1e30f, std::numeric_limits<float>::max()}) {
    const std::vector<float> values = {value, -value, value, -value, value, -value,
                                       value, -value, value, -value, value, -value,
                                       value, -value, value, -value, value};
    std::vector<uint8_t> halves(2 * values.size());
    BestHalfKernels().from_floats(values.data(), values.size(), halves.data());
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(ValueOfHalf(HalfAt(halves.data(), i)), i % 2 == 0 ? 65504.0 : -65504.0);
    }
  }
}

TEST_P(HalfDistanceTest, TinyFloatsBecomeZeroAndKeepTheirSign) {
  const std::vector<float> values(17, -std::numeric_limits<float>::denorm_min());
  std::vector<uint8_t> halves(2 * values.size());
  BestHalfKernels().from_floats(values.data(), values.size(), halves.data());
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(HalfAt(halves.data(), i), 0x8000);
}

INSTANTIATE_TEST_SUITE_P(Targets, HalfDistanceTest,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const ::testing::TestParamInfo<int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

}  // namespace
}  // namespace vecdb::simd
