#include "codec/scalar_tails.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <vector>

#include "codec/codec_testing.h"
#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

constexpr double kNoCap = std::numeric_limits<double>::infinity();

SampledBounds Widened(std::vector<float> values, SampledBounds bounds, double num_steps = 255) {
  EXPECT_OK(WidenToTails({values.data(), values.size()}, false, num_steps, {&bounds, 1}, {}, {}));
  return bounds;
}

TEST(ScalarTailsTest, BoundsWithNothingBeyondStay) {
  const SampledBounds bounds = Widened({1, 2, 3}, {.low = 1, .high = 3, .cap = kNoCap});
  EXPECT_EQ(bounds.low, 1);
  EXPECT_EQ(bounds.high, 3);
}

TEST(ScalarTailsTest, ValuesALittleBeyondAreTakenIn) {
  std::vector<float> values(1000, 0.5f);
  values[10] = 1.25f;
  values[900] = -0.5f;
  const SampledBounds bounds = Widened(values, {.low = 0, .high = 1, .cap = kNoCap});
  EXPECT_EQ(bounds.low, -0.5);
  EXPECT_EQ(bounds.high, 1.25);
}

TEST(ScalarTailsTest, OneValueFarBeyondIsNotWorthLongerSteps) {
  // Of a hundred thousand: (width / 255)^2 / 12 for each, against the cap for one.
  std::vector<float> values(100000, 0.5f);
  values[77] = 1e6f;
  values[78] = -0.5f;
  const SampledBounds bounds = Widened(values, {.low = 0, .high = 1, .cap = 1});
  EXPECT_EQ(bounds.high, 1);
  EXPECT_EQ(bounds.low, -0.5);
}

TEST(ScalarTailsTest, RowsAreScaledOnRequest) {
  const std::vector<float> rows = {3, 4};
  std::vector<SampledBounds> bounds(2, {.low = 0, .high = 0.5, .cap = kNoCap});
  EXPECT_OK(WidenToTails({rows.data(), 1}, true, 255, bounds, {}, {}));
  EXPECT_NEAR(bounds[0].high, 0.6, 1e-6);
  EXPECT_NEAR(bounds[1].high, 0.8, 1e-6);
}

TEST(ScalarTailsTest, ThreadsDoNotChangeTheBounds) {
  const std::vector<float> rows = NormalRows(30000, 5, 1);
  std::vector<SampledBounds> alone(5, {.low = -1, .high = 1, .cap = 2});
  std::vector<SampledBounds> shared = alone;
  const std::unique_ptr<Executor> pool = MakeThreadPool(3);
  EXPECT_OK(WidenToTails({rows.data(), 30000}, false, 255, alone, {}, {}));
  EXPECT_OK(
      WidenToTails({rows.data(), 30000}, false, 255, shared, Host{.executor = pool.get()}, {}));
  for (size_t d = 0; d < 5; ++d) {
    EXPECT_EQ(alone[d].low, shared[d].low);
    EXPECT_EQ(alone[d].high, shared[d].high);
    EXPECT_LT(alone[d].low, -1);
  }
}

}  // namespace
}  // namespace vecdb::codec
