#include "ann/recall.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/test_files.h"

namespace vecdb::bench {
namespace {

using Ids = std::vector<uint32_t>;

// One query at 0 and rows at 1, 2, 3, 3, and one that float32 arithmetic cannot tell from 3.
Dataset OneQuery() {
  const float next_to_3 = std::nextafter(3.0F, 4.0F);
  return {.metric = Metric::kL2,
          .base = MatrixOf(6, 1, {1, 2, 3, -3, next_to_3, 3.001F}),
          .queries = MatrixOf(1, 1, {0}),
          .truth = {.num_queries = 1, .k = 4, .ids = {0, 1, 2, 3}}};
}

TEST(RecallTest, CountsTrueNeighboursInAnyOrder) {
  const Dataset dataset = OneQuery();
  const RecallJudge judge(dataset, 3);
  EXPECT_EQ(judge.Hits(0, Ids{0, 1, 2}), 3U);
  EXPECT_EQ(judge.Hits(0, Ids{2, 0, 1}), 3U);
  EXPECT_EQ(judge.Hits(0, Ids{2, 0}), 2U);
  EXPECT_EQ(judge.Hits(0, Ids{}), 0U);
}

TEST(RecallTest, RowsAsNearAsTheLastOneCount) {
  const Dataset dataset = OneQuery();
  const RecallJudge judge(dataset, 3);
  EXPECT_EQ(judge.Hits(0, Ids{0, 1, 3}), 3U);
  EXPECT_EQ(judge.Hits(0, Ids{0, 1, 4}), 3U);
}

TEST(RecallTest, FartherRowsDoNotCount) {
  const Dataset dataset = OneQuery();
  EXPECT_EQ(RecallJudge(dataset, 3).Hits(0, Ids{0, 1, 5}), 2U);
  EXPECT_EQ(RecallJudge(dataset, 2).Hits(0, Ids{0, 2}), 1U);
}

TEST(RecallTest, RepeatedAndUnknownRowsDoNotCount) {
  const Dataset dataset = OneQuery();
  const RecallJudge judge(dataset, 3);
  EXPECT_EQ(judge.Hits(0, Ids{0, 0, 0}), 1U);
  EXPECT_EQ(judge.Hits(0, Ids{0, 6, 0xFFFFFFFF}), 1U);
}

TEST(RecallTest, FewerRowsThanKAreAllThatIsWanted) {
  Dataset dataset = OneQuery();
  dataset.truth.ids = {4, 5, kNoRow, kNoRow};
  const RecallJudge judge(dataset, 3);
  EXPECT_EQ(judge.Wanted(0), 2U);
  EXPECT_EQ(judge.Hits(0, Ids{4, 5, kNoRow}), 2U);
  EXPECT_EQ(judge.Hits(0, Ids{kNoRow, kNoRow, kNoRow}), 0U);
  dataset.truth.ids = {kNoRow, kNoRow, kNoRow, kNoRow};
  const RecallJudge nothing(dataset, 3);
  EXPECT_EQ(nothing.Wanted(0), 0U);
  EXPECT_EQ(nothing.Hits(0, Ids{kNoRow}), 0U);
}

TEST(RecallTest, MoreTiesThanKCountAsK) {
  const Dataset dataset = OneQuery();
  EXPECT_EQ(RecallJudge(dataset, 3).Hits(0, Ids{0, 1, 2, 3}), 3U);
}

}  // namespace
}  // namespace vecdb::bench
