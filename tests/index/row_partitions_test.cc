#include "index/row_partitions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "index/index_testing.h"
#include "support/status_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr uint32_t kPartitionedRows = 3000;

class RowPartitionsTest : public testing::TestWithParam<Metric> {};

TEST_P(RowPartitionsTest, EveryRowIsInTwoPartsThatHaveRoom) {
  const TestRows rows = RandomRows(kPartitionedRows, 8, 1);
  constexpr uint32_t kParts = 7;
  constexpr uint32_t kMostRows = 2 * kPartitionedRows / (kParts - 1) + 1;
  const auto made = RowPartitions::Make(rows.view(), GetParam(), kParts, kMostRows, 1, {}, {});
  ASSERT_OK(made);
  std::vector<int> times(kPartitionedRows);
  for (uint32_t part = 0; part < kParts; ++part) {
    const RowPartitions::Members members = made->MembersOf(part);
    EXPECT_LE(members.rows.size(), kMostRows);
    ASSERT_EQ(members.begins.size(), kParts + 1);
    EXPECT_EQ(members.begins.back(), members.rows.size());
    for (uint32_t first = 0; first < kParts; ++first) {
      const auto begin = members.rows.begin() + members.begins[first];
      const auto end = members.rows.begin() + members.begins[first + 1];
      EXPECT_TRUE(std::is_sorted(begin, end));
      for (auto row = begin; row != end; ++row) {
        EXPECT_EQ(made->first(*row), first);
        EXPECT_TRUE(first == part || made->second(*row) == part);
        EXPECT_NE(made->first(*row), made->second(*row));
        ++times[*row];
      }
    }
  }
  EXPECT_EQ(std::count(times.begin(), times.end(), 2), kPartitionedRows);
}

INSTANTIATE_TEST_SUITE_P(Metrics, RowPartitionsTest,
                         testing::Values(Metric::kL2, Metric::kIp, Metric::kCosine));

TEST(RowPartitionsTest, RowsOfOneClusterShareAPart) {
  std::vector<float> values = RandomValues(1600, 1);
  for (size_t row = 0; row < 400; ++row) values[row * 4] += row % 2 == 0 ? 100.0F : -100.0F;
  const TestRows rows(std::move(values), 4);
  const auto made = RowPartitions::Make(rows.view(), Metric::kL2, 2, 800, 1, {}, {});
  ASSERT_OK(made);
  for (uint32_t row = 0; row < 400; ++row) EXPECT_EQ(made->first(row), made->first(row % 2));
  EXPECT_NE(made->first(0), made->first(1));
}

TEST(RowPartitionsTest, IdenticalRowsAreSpread) {
  const TestRows rows(std::vector<float>(4000, 1.0F), 4);
  const auto made = RowPartitions::Make(rows.view(), Metric::kL2, 4, 700, 1, {}, {});
  ASSERT_OK(made);
  for (uint32_t part = 0; part < 4; ++part) {
    EXPECT_GE(made->MembersOf(part).rows.size(), 400U) << part;
  }
}

TEST(RowPartitionsTest, ThreadsMakeNoDifference) {
  const TestRows rows = RandomRows(kPartitionedRows, 8, 1);
  const auto pool = MakeThreadPool(3);
  const auto alone = RowPartitions::Make(rows.view(), Metric::kL2, 5, 1600, 1, {}, {});
  const auto together =
      RowPartitions::Make(rows.view(), Metric::kL2, 5, 1600, 1, {.executor = pool.get()}, {});
  ASSERT_OK(alone);
  ASSERT_OK(together);
  for (uint32_t row = 0; row < kPartitionedRows; ++row) {
    EXPECT_EQ(alone->first(row), together->first(row));
    EXPECT_EQ(alone->second(row), together->second(row));
  }
}

TEST(RowPartitionsTest, StopsWithTheContextAndTheBudget) {
  const TestRows rows = RandomRows(100, 8, 1);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  EXPECT_EQ(CodeOf(RowPartitions::Make(rows.view(), Metric::kL2, 2, 210, 1, {}, {.cancel = token})),
            absl::StatusCode::kCancelled);
  MemoryBudget budget(300);
  EXPECT_EQ(
      CodeOf(RowPartitions::Make(rows.view(), Metric::kL2, 2, 210, 1, {.budget = &budget}, {})),
      absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0U);
}

}  // namespace
}  // namespace vecdb::index
