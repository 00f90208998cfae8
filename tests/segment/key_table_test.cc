#include "segment/key_table.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "support/status_testing.h"

namespace vecdb::segment {
namespace {

uint64_t HashOf(uint32_t row) { return row % 37 * 0x9e3779b97f4a7c15; }

std::vector<uint32_t> RowsOf(const KeyTable& table, uint64_t hash) {
  std::vector<uint32_t> rows;
  table.ForEach(hash, [&rows](uint32_t row) {
    rows.push_back(row);
    return true;
  });
  return rows;
}

TEST(KeyTableTest, EmptyTableHasNoRows) {
  const KeyTable table{Host{}};
  EXPECT_TRUE(RowsOf(table, 7).empty());
}

TEST(KeyTableTest, GivesEveryRowOfAHashNewestFirstHoweverItGrows) {
  KeyTable table{Host{}};
  for (uint32_t row = 0; row < 1000; ++row) {
    ASSERT_OK(table.Reserve(row + 1, row));
    table.Add(row, HashOf(row));
  }
  for (uint32_t key = 0; key < 37; ++key) {
    std::vector<uint32_t> found;
    for (const uint32_t row : RowsOf(table, HashOf(key))) {
      if (row % 37 == key) found.push_back(row);  // others share the bucket
    }
    std::vector<uint32_t> expected;
    for (uint32_t row = 1000; row-- > 0;) {
      if (row % 37 == key) expected.push_back(row);
    }
    EXPECT_EQ(found, expected) << key;
  }
}

TEST(KeyTableTest, RowsOfOtherHashesInTheChainAreNotVisited) {
  KeyTable table{Host{}};
  for (uint32_t row = 0; row < 300; ++row) {
    ASSERT_OK(table.Reserve(row + 1, row));
    table.Add(row, uint64_t{row} << 20);  // all in one chain
  }
  for (uint32_t row = 0; row < 300; ++row) {
    EXPECT_EQ(RowsOf(table, uint64_t{row} << 20), std::vector<uint32_t>{row});
  }
}

TEST(KeyTableTest, VisitStopsWhenToldTo) {
  KeyTable table{Host{}};
  ASSERT_OK(table.Reserve(3, 0));
  for (uint32_t row = 0; row < 3; ++row) table.Add(row, 5);
  int visited = 0;
  table.ForEach(5, [&](uint32_t) { return ++visited < 2; });
  EXPECT_EQ(visited, 2);
}

TEST(KeyTableTest, RefusedGrowthLeavesTheTableAsItWas) {
  MemoryBudget budget(64 * (4 + 8));  // heads and links of 64 rows
  KeyTable table{Host{.budget = &budget}};
  ASSERT_OK(table.Reserve(64, 0));
  for (uint32_t row = 0; row < 64; ++row) table.Add(row, row);
  EXPECT_EQ(support::CodeOf(table.Reserve(65, 64)), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 64u * (4 + 8));
  for (uint32_t row = 0; row < 64; ++row) EXPECT_EQ(RowsOf(table, row), std::vector<uint32_t>{row});
}

}  // namespace
}  // namespace vecdb::segment
