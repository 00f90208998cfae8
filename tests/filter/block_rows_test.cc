#include "filter/block_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/seeded_random.h"

namespace vecdb::filter {
namespace {

TEST(BlockRowsTest, TheFirstRowsAreThoseAndNoOthers) {
  for (const uint32_t count : {0u, 1u, 63u, 64u, 65u, 4095u, 4096u}) {
    const BlockRows rows = BlockRows::First(count);
    EXPECT_EQ(rows.count(), count);
    EXPECT_EQ(rows.empty(), count == 0);
    for (uint32_t row = 0; row < schema::kBlockRows; ++row) {
      ASSERT_EQ(rows.contains(row), row < count) << row << " of " << count;
    }
  }
}

TEST(BlockRowsTest, OnlyRowsThatAreThereAreAskedAboutAndKept) {
  support::SeededRandom random(support::TestSeed("BlockRowsTest"));
  for (const uint64_t share : {1u, 2u, 50u}) {
    BlockRows rows = BlockRows::First(4000);
    rows.KeepIf([&](size_t) { return random.OneIn(share); });
    const BlockRows before = rows;
    rows.KeepIf([&](size_t row) {
      EXPECT_TRUE(before.contains(row));
      return row % 3 == 0;
    });
    for (size_t row = 0; row < schema::kBlockRows; ++row) {
      ASSERT_EQ(rows.contains(row), before.contains(row) && row % 3 == 0) << row;
    }
  }
}

TEST(BlockRowsTest, SetsAreCombinedBitByBit) {
  BlockRows a = BlockRows::First(100);
  BlockRows b = BlockRows::First(40);
  a.Remove(b);
  EXPECT_EQ(a.count(), 60u);
  EXPECT_FALSE(a.contains(39));
  b.Or(a);
  EXPECT_EQ(b.count(), 100u);
  b.And(a);
  EXPECT_EQ(b.count(), 60u);
}

}  // namespace
}  // namespace vecdb::filter
