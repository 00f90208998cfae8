#include "codec/opq.h"

#include <gtest/gtest.h>

#include <memory>

#include "codec/codec_testing.h"
#include "codec/product_codebooks.h"
#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

constexpr size_t kOpqDim = 16;
constexpr size_t kOpqRows = 3000;

// Rows whose numbers are all alike but for small noise: one part says what all others say too.
std::vector<float> CorrelatedRows() {
  std::vector<float> rows = NormalRows(kOpqRows, kOpqDim, 1, 0.1f);
  const std::vector<float> shared = NormalRows(kOpqRows, 2, 2);
  for (size_t i = 0; i < kOpqRows; ++i) {
    for (size_t d = 0; d < kOpqDim; ++d) rows[i * kOpqDim + d] += shared[i * 2 + d % 2];
  }
  return rows;
}

double ErrorOf(const std::vector<float>& rows) {
  auto books =
      TrainProduct({rows.data(), kOpqDim, kOpqRows}, kOpqDim, {.m = 4, .words = 16}, {}, {});
  EXPECT_OK(books);
  return books->error;
}

TEST(OpqTest, TheRotationLowersTheErrorOfCorrelatedRows) {
  const std::vector<float> rows = CorrelatedRows();
  auto opq = TrainOpq({rows.data(), kOpqDim, kOpqRows}, {.m = 4, .words = 16}, {}, {});
  ASSERT_OK(opq);
  EXPECT_TRUE(IsOrthogonal(opq->rotation.matrix(), kOpqDim));
  std::vector<float> turned(rows.size());
  opq->rotation.Turn(rows.data(), kOpqRows, turned.data());
  EXPECT_LT(ErrorOf(turned), 0.7 * ErrorOf(rows));
}

TEST(OpqTest, IndependentNumbersAreNotMadeWorse) {
  const std::vector<float> rows = NormalRows(kOpqRows, kOpqDim, 3);
  auto opq = TrainOpq({rows.data(), kOpqDim, kOpqRows}, {.m = 4, .words = 16}, {}, {});
  ASSERT_OK(opq);
  std::vector<float> turned(rows.size());
  opq->rotation.Turn(rows.data(), kOpqRows, turned.data());
  EXPECT_LT(ErrorOf(turned), 1.01 * ErrorOf(rows));
}

TEST(OpqTest, ThreadsDoNotChangeTheRotation) {
  const std::vector<float> rows = CorrelatedRows();
  const OpqParams params{.m = 4, .words = 16, .rounds = 3};
  auto alone = TrainOpq({rows.data(), kOpqDim, kOpqRows}, params, {}, {});
  ASSERT_OK(alone);
  const std::unique_ptr<Executor> pool = MakeThreadPool(3);
  auto shared =
      TrainOpq({rows.data(), kOpqDim, kOpqRows}, params, Host{.executor = pool.get()}, {});
  ASSERT_OK(shared);
  EXPECT_TRUE(std::equal(alone->rotation.matrix().begin(), alone->rotation.matrix().end(),
                         shared->rotation.matrix().begin(), shared->rotation.matrix().end()));
}

TEST(OpqTest, OneRowAndNoneGiveARotation) {
  for (const size_t count : std::initializer_list<size_t>{0, 1}) {
    const std::vector<float> rows = NormalRows(count, kOpqDim, 4);
    auto opq = TrainOpq({rows.data(), kOpqDim, count}, {.m = 4, .words = 2}, {}, {});
    ASSERT_OK(opq);
    EXPECT_TRUE(IsOrthogonal(opq->rotation.matrix(), kOpqDim));
  }
}

TEST(OpqTest, MemoryIsReservedFirst) {
  const std::vector<float> rows = NormalRows(kOpqRows, kOpqDim, 5);
  MemoryBudget budget(kOpqRows * kOpqDim * 4 + 1000);
  EXPECT_EQ(support::CodeOf(
                TrainOpq({rows.data(), kOpqDim, kOpqRows}, {.m = 4}, Host{.budget = &budget}, {})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0U);
}

}  // namespace
}  // namespace vecdb::codec
