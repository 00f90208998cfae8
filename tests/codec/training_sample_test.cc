#include "codec/training_sample.h"

#include <gtest/gtest.h>

#include "codec/codec_testing.h"
#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

TEST(TrainingSampleTest, RowsAreCopiedMovedAndTurned) {
  const std::vector<float> rows = {1, 2, 3, 4, 5, 9};
  auto sample = TrainingSample::Make({rows.data(), 3}, 2, 10, 0, false, {});
  ASSERT_OK(sample);
  ASSERT_EQ(sample->rows().count, 3U);
  EXPECT_EQ(sample->rows().stride, 2U);
  EXPECT_EQ(sample->rows().rows[5], 9);
  sample->SubtractMean();
  EXPECT_EQ(sample->mean(), (std::vector<float>{3, 5}));
  EXPECT_EQ(sample->rows().rows[0], -2);
  ASSERT_OK(sample->Turn(Rotation({0, 1, -1, 0}, 2), {}));
  EXPECT_EQ(sample->rows().rows[0], -3);
  EXPECT_EQ(sample->rows().rows[1], 2);
}

TEST(TrainingSampleTest, NormalisedRowsHaveLengthOneAndZeroStaysZero) {
  const std::vector<float> rows = {3, 4, 0, 0};
  auto sample = TrainingSample::Make({rows.data(), 2}, 2, 10, 0, true, {});
  ASSERT_OK(sample);
  EXPECT_FLOAT_EQ(sample->rows().rows[0], 0.6f);
  EXPECT_FLOAT_EQ(sample->rows().rows[1], 0.8f);
  EXPECT_EQ(sample->rows().rows[2], 0);
}

TEST(TrainingSampleTest, NoRowsHaveNoMean) {
  auto sample = TrainingSample::Make({}, 2, 10, 0, false, {});
  ASSERT_OK(sample);
  sample->SubtractMean();
  EXPECT_EQ(sample->mean(), (std::vector<float>{0, 0}));
}

TEST(TrainingSampleTest, TheBudgetMayRefuse) {
  MemoryBudget budget(100);
  const std::vector<float> rows = NormalRows(100, 2, 1);
  EXPECT_EQ(support::CodeOf(TrainingSample::Make({rows.data(), 100}, 2, 100, 0, false,
                                                 Host{.budget = &budget})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_OK(TrainingSample::Make({rows.data(), 100}, 2, 10, 0, false, Host{.budget = &budget}));
}

}  // namespace
}  // namespace vecdb::codec
