#include "codec/scalar_range.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

ScalarRange Learn(const ScalarRangeOptions& options, const std::vector<float>& rows,
                  const Host& host = {}) {
  auto range = LearnScalarRange(options, {rows.data(), rows.size() / options.dim}, host, Context());
  EXPECT_OK(range);
  return *std::move(range);
}

std::vector<float> UniformRows(size_t count, uint64_t seed, float low, float high) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(count);
  for (float& value : values) value = uniform(random);
  return values;
}

std::vector<float> GaussRows(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

double OnGrid(const ScalarRange& range, size_t d, float value, double max_code) {
  const double lower = static_cast<double>(range.lower[d]);
  const double step = static_cast<double>(range.step[d]);
  if (step == 0) return lower;
  const double code = std::round((static_cast<double>(value) - lower) / step);
  return lower + step * std::clamp(code, 0.0, max_code);
}

double MeanSquaredError(const ScalarRange& range, const std::vector<float>& rows, double max_code) {
  const size_t dim = range.lower.size();
  double sum = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const double error = OnGrid(range, i % dim, rows[i], max_code) - static_cast<double>(rows[i]);
    sum += error * error;
  }
  return sum / static_cast<double>(rows.size());
}

constexpr Sq8Range kRanges[] = {Sq8Range::kAuto, Sq8Range::kUniform, Sq8Range::kPerDimension};

TEST(ScalarRangeTest, BytesStayWhatTheyAre) {
  std::mt19937_64 random(1);
  std::vector<float> rows(50 * 4);
  for (float& value : rows) value = static_cast<float>(random() % 200);
  for (const Sq8Range kind : kRanges) {
    for (const Metric metric : {Metric::kL2, Metric::kIp}) {
      const ScalarRange range = Learn({.dim = 4, .metric = metric, .kind = kind}, rows);
      EXPECT_EQ(range.lower, std::vector<float>(4, 0));
      EXPECT_EQ(range.step, std::vector<float>(4, 1));
    }
  }
  for (float& value : rows) value -= 100;
  EXPECT_EQ(Learn({.dim = 4}, rows).lower, std::vector<float>(4, -128));
}

TEST(ScalarRangeTest, WholeNumbersElsewhereLoseNothing) {
  std::mt19937_64 random(2);
  std::vector<float> rows(100 * 3);
  const float first[] = {-5000, 100000, 7};
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = first[i % 3] + static_cast<float>(random() % 256);
  }
  for (const Sq8Range kind : kRanges) {
    const ScalarRange range = Learn({.dim = 3, .kind = kind}, rows);
    EXPECT_EQ(range.step, std::vector<float>(3, 1));
    EXPECT_EQ(MeanSquaredError(range, rows, 255), 0);
  }
}

TEST(ScalarRangeTest, WholeNumbersNeedARangeThatFits) {
  const ScalarRangeOptions options = {.dim = 1, .kind = Sq8Range::kUniform};
  EXPECT_EQ(Learn(options, {10, 20, 265}).step[0], 1);
  EXPECT_NE(Learn(options, {10, 20, 266}).step[0], 1);
  EXPECT_NE(Learn(options, {10, 20.5f, 264}).step[0], 1);
  const ScalarRangeOptions few = {.dim = 1, .kind = Sq8Range::kUniform, .max_code = 15};
  EXPECT_EQ(Learn(few, {10, 11, 25}).step[0], 1);
  EXPECT_NE(Learn(few, {10, 11, 26}).step[0], 1);
}

TEST(ScalarRangeTest, AFewExtremeValuesDoNotWidenTheSteps) {
  for (const float extreme : {1e3f, 1e6f, 1e30f}) {
    std::vector<float> rows = UniformRows(1000 * 4, 3, 0, 1);
    rows[0] = extreme;
    rows[400] = -extreme;
    rows[1601] = extreme;
    for (const Sq8Range kind : kRanges) {
      const ScalarRange range = Learn({.dim = 4, .kind = kind}, rows);
      for (size_t d = 0; d < 4; ++d) {
        EXPECT_LE(range.step[d], 1.01f / 255) << extreme;
        EXPECT_GE(range.step[d], 0.9f / 255) << extreme;
      }
    }
  }
}

TEST(ScalarRangeTest, RareFeaturesAreKept) {
  std::vector<float> rows = UniformRows(2000, 4, 0, 0.001f);
  std::vector<float> mostly_zero(2000);
  for (size_t i = 0; i < rows.size(); i += 50) {
    rows[i] = 1;
    mostly_zero[i] = 0.7f;
  }
  mostly_zero[1] = 0.3f;
  const ScalarRangeOptions options = {.dim = 1, .kind = Sq8Range::kPerDimension};
  EXPECT_NEAR(OnGrid(Learn(options, rows), 0, 1, 255), 1, 0.01);
  EXPECT_NEAR(OnGrid(Learn(options, mostly_zero), 0, 0.7f, 255), 0.7, 0.01);
  EXPECT_EQ(OnGrid(Learn(options, mostly_zero), 0, 0, 255), 0);
}

TEST(ScalarRangeTest, ConstantDimensionsAreExact) {
  std::vector<float> rows = UniformRows(500 * 3, 5, -1, 1);
  for (size_t i = 0; i < 500; ++i) rows[3 * i + 1] = 0.1234567f;
  for (const Sq8Range kind : kRanges) {
    for (const uint32_t max_code : {15u, 255u}) {
      const ScalarRange range = Learn({.dim = 3, .kind = kind, .max_code = max_code}, rows);
      EXPECT_EQ(OnGrid(range, 1, 0.1234567f, max_code), static_cast<double>(0.1234567f));
    }
  }
}

TEST(ScalarRangeTest, AutoFollowsMetricAndError) {
  const std::vector<float> even = GaussRows(500 * 8, 6);
  EXPECT_EQ(Learn({.dim = 8, .metric = Metric::kL2}, even).kind, Sq8Range::kUniform);
  EXPECT_EQ(Learn({.dim = 8, .metric = Metric::kIp}, even).kind, Sq8Range::kPerDimension);
  EXPECT_EQ(Learn({.dim = 8, .metric = Metric::kCosine}, even).kind, Sq8Range::kPerDimension);
  std::vector<float> uneven = even;
  for (size_t i = 0; i < uneven.size(); i += 8) uneven[i] *= 10;
  EXPECT_EQ(Learn({.dim = 8, .metric = Metric::kL2}, uneven).kind, Sq8Range::kPerDimension);
}

TEST(ScalarRangeTest, UniformStepsAreOneStep) {
  std::vector<float> rows = GaussRows(500 * 8, 7);
  for (size_t i = 0; i < rows.size(); i += 8) rows[i] = rows[i] * 10 + 3;
  const ScalarRange range = Learn({.dim = 8, .kind = Sq8Range::kUniform}, rows);
  for (const float step : range.step) EXPECT_EQ(step, range.step[0]);
  // Each value of the wide dimension has its place.
  EXPECT_LT(MeanSquaredError(range, rows, 255), 0.005);
}

TEST(ScalarRangeTest, ErrorsAreNotAboveThoseOfTheFullRange) {
  const std::vector<float> rows = GaussRows(4000, 8);
  const auto [least, greatest] = std::minmax_element(rows.begin(), rows.end());
  for (const uint32_t max_code : {15u, 255u}) {
    const ScalarRange full = {.kind = Sq8Range::kUniform,
                              .lower = {*least},
                              .step = {(*greatest - *least) / static_cast<float>(max_code)}};
    for (const Sq8Range kind : {Sq8Range::kUniform, Sq8Range::kPerDimension}) {
      const ScalarRange range = Learn({.dim = 1, .kind = kind, .max_code = max_code}, rows);
      EXPECT_LE(MeanSquaredError(range, rows, max_code),
                MeanSquaredError(full, rows, max_code) * 1.001);
    }
  }
  // 16 steps for a normal distribution: 0.0115 is the least there is (Max, 1960).
  const ScalarRange few = Learn({.dim = 1, .max_code = 15}, rows);
  EXPECT_LT(MeanSquaredError(few, rows, 15), 0.0130);
}

TEST(ScalarRangeTest, NarrowDimensionsHaveRoomOnBothSides) {
  std::vector<float> rows = UniformRows(1000 * 2, 9, 0, 1);
  for (size_t i = 0; i < rows.size(); i += 2) rows[i] *= 0.5f;
  const ScalarRange range = Learn({.dim = 2, .kind = Sq8Range::kUniform}, rows);
  EXPECT_NEAR(range.lower[0], -0.25f, 0.01f);
  EXPECT_NEAR(range.lower[1], 0, 0.01f);
}

TEST(ScalarRangeTest, NoRowsOneRowAndEqualRows) {
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    for (const Sq8Range kind : kRanges) {
      const ScalarRangeOptions options = {.dim = 2, .metric = metric, .kind = kind};
      const ScalarRange none = Learn(options, {});
      EXPECT_EQ(none.lower, std::vector<float>(2, 0));
      EXPECT_EQ(none.step, std::vector<float>(2, 1));
      EXPECT_NE(none.kind, Sq8Range::kAuto);
      for (const size_t count : std::initializer_list<size_t>{1, 40}) {
        std::vector<float> rows;
        for (size_t i = 0; i < count; ++i) rows.insert(rows.end(), {0.6f, -0.8f});
        const ScalarRange range = Learn(options, rows);
        EXPECT_NEAR(OnGrid(range, 0, 0.6f, 255), 0.6, 1e-6);
        EXPECT_NEAR(OnGrid(range, 1, -0.8f, 255), -0.8, 1e-6);
      }
    }
  }
}

TEST(ScalarRangeTest, TheEndsOfFloatStayFinite) {
  constexpr float kMax = std::numeric_limits<float>::max();
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  const std::vector<std::vector<float>> columns = {{kMax, -kMax, 0.5f},   {kMax, kMax, kMax},
                                                   {-kMax, -kMax, -kMax}, {kTiny, 0, -kTiny},
                                                   {1e30f, -1e30f, 1},    {1e-30f, 3e-30f, 0}};
  for (const Sq8Range kind : kRanges) {
    for (const uint32_t max_code : {15u, 255u}) {
      for (const std::vector<float>& first : columns) {
        for (const std::vector<float>& second : columns) {
          std::vector<float> rows;
          for (size_t i = 0; i < 3; ++i) rows.insert(rows.end(), {first[i], second[i]});
          const ScalarRange range = Learn({.dim = 2, .kind = kind, .max_code = max_code}, rows);
          for (size_t d = 0; d < 2; ++d) {
            ASSERT_TRUE(std::isfinite(range.lower[d]));
            ASSERT_GE(range.step[d], 0);
            ASSERT_LE(
                static_cast<double>(range.lower[d]) + static_cast<double>(range.step[d]) * max_code,
                static_cast<double>(kMax));
          }
        }
      }
    }
  }
}

TEST(ScalarRangeTest, TheNumberOfThreadsChangesNothing) {
  const std::vector<float> rows = GaussRows(300 * 50, 10);
  const auto pool = MakeThreadPool(3);
  for (const Sq8Range kind : kRanges) {
    const ScalarRange alone = Learn({.dim = 50, .kind = kind}, rows);
    const ScalarRange together = Learn({.dim = 50, .kind = kind}, rows, {.executor = pool.get()});
    EXPECT_EQ(alone.lower, together.lower);
    EXPECT_EQ(alone.step, together.step);
  }
}

TEST(ScalarRangeTest, ACancelledCallStops) {
  const std::vector<float> rows = GaussRows(300, 11);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  Context context;
  context.cancel = token;
  for (const Metric metric : {Metric::kL2, Metric::kCosine}) {
    EXPECT_EQ(support::CodeOf(
                  LearnScalarRange({.dim = 3, .metric = metric}, {rows.data(), 100}, {}, context)),
              absl::StatusCode::kCancelled);
  }
}

}  // namespace
}  // namespace vecdb::codec
