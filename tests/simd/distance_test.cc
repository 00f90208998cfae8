#include "simd/distance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "hwy/highway.h"

namespace vecdb::simd {
namespace {

constexpr size_t kRows = 11;  // two groups of four and three single ones

std::vector<size_t> Dims() {
  std::vector<size_t> dims(70);
  std::iota(dims.begin(), dims.end(), 1);
  for (const size_t dim : std::initializer_list<size_t>{127, 128, 255, 256, 257, 271, 272, 511, 512,
                                                        513, 768, 784, 1023, 1536}) {
    dims.push_back(dim);
  }
  return dims;
}

// Runs each test once for each instruction set that was compiled and that this machine has.
class DistanceTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

// A query and kRows rows of floats, all one float past an aligned address and ending where their
// allocation ends.
struct Data {
  Data(size_t row_dim, uint64_t seed, float scale) : dim(row_dim), memory(1 + (kRows + 1) * dim) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal;
    for (float& value : memory) value = normal(random) * scale;
  }
  const float* query() const { return memory.data() + 1; }
  const float* rows() const { return memory.data() + 1 + dim; }
  const float* row(size_t i) const { return rows() + i * dim; }

  size_t dim;
  std::vector<float> memory;
};

// The distance in double, and what float may be off by: each of the dim + 16 roundings loses at
// most one part in 2^24 of the sum of the absolute values, and each product that underflows less
// than a denormal.
struct Reference {
  double distance = 0;
  double tolerance = 0;
};

Reference ReferenceOf(Metric metric, const float* a, const float* b, size_t dim) {
  double sum = 0;
  double absolute = 0;
  for (size_t i = 0; i < dim; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    const double term = metric == Metric::kL2
                            ? difference * difference
                            : -static_cast<double>(a[i]) * static_cast<double>(b[i]);
    sum += term;
    absolute += std::abs(term);
  }
  const auto roundings = static_cast<double>(dim + 16);
  constexpr double kDenormal = std::numeric_limits<float>::denorm_min();
  return {sum, roundings * (absolute * 0x1p-24 + kDenormal)};
}

bool SameBits(float a, float b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }

TEST_P(DistanceTest, AgreesWithDoubleForEveryDim) {
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    const DistanceKernels& kernels = KernelsFor(metric);
    for (const size_t dim : Dims()) {
      const Data data(dim, dim, 1);
      for (size_t i = 0; i < kRows; ++i) {
        const Reference expected = ReferenceOf(metric, data.query(), data.row(i), dim);
        EXPECT_NEAR(kernels.one(data.query(), data.row(i), dim), expected.distance,
                    expected.tolerance)
            << MetricName(metric) << " dim " << dim;
      }
    }
  }
}

TEST_P(DistanceTest, AgreesWithDoubleOnDenormalsAndHugeValues) {
  for (const float scale : {1e-39f, 1e-30f, 1e-20f, 1e15f}) {
    for (const Metric metric : {Metric::kL2, Metric::kIp}) {
      const Data data(99, 7, scale);
      const Reference expected = ReferenceOf(metric, data.query(), data.row(0), data.dim);
      EXPECT_NEAR(KernelsFor(metric).one(data.query(), data.row(0), data.dim), expected.distance,
                  expected.tolerance)
          << MetricName(metric) << " scale " << scale;
    }
  }
}

TEST_P(DistanceTest, ZerosAndEqualRowsAreExactlyZeroApart) {
  for (const size_t dim : std::initializer_list<size_t>{1, 16, 33, 300}) {
    const std::vector<float> zeros(dim);
    const Data data(dim, 3, 1);
    EXPECT_EQ(KernelsFor(Metric::kL2).one(zeros.data(), zeros.data(), dim), 0);
    EXPECT_EQ(KernelsFor(Metric::kL2).one(data.row(0), data.row(0), dim), 0);
    EXPECT_EQ(KernelsFor(Metric::kIp).one(zeros.data(), data.row(0), dim), 0);
  }
}

TEST_P(DistanceTest, EveryFormHasTheSameBits) {
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    const DistanceKernels& kernels = KernelsFor(metric);
    for (const size_t dim : Dims()) {
      const Data data(dim, dim + 1000, 1);
      const uint32_t ids[kRows] = {10, 3, 7, 0, 1, 9, 2, 5, 4, 8, 6};
      float four[4], block[kRows], gathered[kRows];
      const float* const rows[4] = {data.row(8), data.row(1), data.row(4), data.row(3)};
      kernels.four(data.query(), rows, dim, four);
      kernels.block(data.query(), data.rows(), kRows, dim, block);
      kernels.gather(data.query(), data.rows(), dim, ids, kRows,
                     std::numeric_limits<float>::infinity(), gathered);
      for (size_t i = 0; i < 4; ++i) {
        EXPECT_TRUE(SameBits(four[i], kernels.one(data.query(), rows[i], dim))) << dim;
      }
      for (size_t i = 0; i < kRows; ++i) {
        EXPECT_TRUE(SameBits(block[i], kernels.one(data.query(), data.row(i), dim))) << dim;
        EXPECT_TRUE(SameBits(gathered[i], kernels.one(data.query(), data.row(ids[i]), dim))) << dim;
      }
    }
  }
}

TEST_P(DistanceTest, ADistanceWithinTheBoundKeepsItsBitsAndOthersStayBeyond) {
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    const DistanceKernels& kernels = KernelsFor(metric);
    for (const size_t dim : std::initializer_list<size_t>{64, 256, 257, 700, 1536}) {
      const Data data(dim, dim + 2000, 1);
      std::vector<uint32_t> ids(150);  // more than one round of 64
      for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<uint32_t>(i * 7 % kRows);
      float exact[kRows];
      kernels.block(data.query(), data.rows(), kRows, dim, exact);
      for (const float bound : exact) {
        std::vector<float> found(ids.size());
        kernels.gather(data.query(), data.rows(), dim, ids.data(), ids.size(), bound, found.data());
        for (size_t i = 0; i < ids.size(); ++i) {
          if (exact[ids[i]] <= bound) {
            EXPECT_TRUE(SameBits(found[i], exact[ids[i]]));
          } else {
            EXPECT_GT(found[i], bound);
          }
        }
      }
    }
  }
}

TEST_P(DistanceTest, NoRowsAreFine) {
  const Data data(8, 1, 1);
  KernelsFor(Metric::kL2).block(data.query(), data.rows(), 0, 8, nullptr);
  KernelsFor(Metric::kL2).gather(data.query(), data.rows(), 8, nullptr, 0, 1, nullptr);
}

INSTANTIATE_TEST_SUITE_P(Targets, DistanceTest,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const ::testing::TestParamInfo<int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

TEST(DistanceTargetTest, TheBestInstructionSetOfTheMachineIsTaken) {
  const auto targets = hwy::SupportedAndGeneratedTargets();
  const DistanceKernels& best = KernelsFor(Metric::kL2);
  hwy::SetSupportedTargetsForTest(targets.front());
  EXPECT_EQ(&best, &KernelsFor(Metric::kL2));
  hwy::SetSupportedTargetsForTest(0);
  EXPECT_EQ(&KernelsFor(Metric::kIp), &KernelsFor(Metric::kCosine));
}

}  // namespace
}  // namespace vecdb::simd
