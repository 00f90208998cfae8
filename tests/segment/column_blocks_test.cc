#include "segment/column_blocks.h"

#include <gtest/gtest.h>

#include "segment/filter_bitmap.h"
#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

// Two blocks and a bit of key and "group".
class ColumnBlocksTest : public testing::Test {
 protected:
  static constexpr uint32_t kRows = 2 * schema::kBlockRows + 5;

  std::shared_ptr<SealedSegment> Open(MemoryBudget* budget) {
    const Host host{.budget = budget};
    auto rows = MakeGrowing(schema_);
    Add(rows.get(), MakeRows(schema_, KeyRange(0, kRows)), 10);
    groups_ = rows->GatherAll(2, kRows);
    written_ = Write(*rows);
    return OpenSealed(written_, host);
  }

  static constexpr int32_t kGroup = kFirstFieldId + 2;

  const Schema schema_ = SmallSchema();
  Column groups_;
  Written written_;
};

TEST_F(ColumnBlocksTest, BlocksHoldTheValuesOfTheirRows) {
  const auto segment = Open(nullptr);
  for (uint32_t block = 0; block < 3; ++block) {
    const auto values = segment->blocks().Read(kGroup, DataType::kInt32, block, {});
    ASSERT_OK(values);
    ASSERT_EQ(values->num_rows, block < 2 ? schema::kBlockRows : 5u);
    for (uint32_t row = 0; row < values->num_rows; ++row) {
      ASSERT_EQ(values->as<int32_t>()[values->constant ? 0 : row],
                groups_.int32s()[block * schema::kBlockRows + row]);
    }
  }
}

TEST_F(ColumnBlocksTest, ABlockIsReadOnceAndKept) {
  MemoryBudget budget;
  const auto segment = Open(&budget);
  const auto first = segment->blocks().Read(kGroup, DataType::kInt32, 1, {});
  ASSERT_OK(first);
  const uint64_t bytes = segment->blocks().bytes();
  EXPECT_GE(bytes, schema::kBlockRows * sizeof(int32_t));
  EXPECT_EQ(budget.used_bytes(), bytes);
  EXPECT_EQ(segment->blocks().Read(kGroup, DataType::kInt32, 1, {})->numbers, first->numbers);
  EXPECT_EQ(segment->blocks().bytes(), bytes);
  segment->blocks().Drop();
  EXPECT_EQ(segment->blocks().bytes(), 0u);
  EXPECT_EQ(budget.used_bytes(), bytes);  // still in use
}

TEST_F(ColumnBlocksTest, BlocksMakeRoomForOthersWithinTheBudget) {
  MemoryBudget measured;
  const auto measure = Open(&measured);
  ASSERT_OK(measure->blocks().Read(kGroup, DataType::kInt32, 0, {}));
  MemoryBudget one_block(measured.used_bytes());
  const auto segment = Open(&one_block);
  for (uint32_t block : {0u, 1u, 0u, 2u}) {
    EXPECT_OK(segment->blocks().Read(kGroup, DataType::kInt32, block, {}));
  }
  const auto held = segment->blocks().Read(kGroup, DataType::kInt32, 0, {});
  EXPECT_EQ(CodeOf(segment->blocks().Read(kGroup, DataType::kInt32, 1, {})),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(ColumnBlocksTest, BlocksAndBitmapsOfOtherSegmentsMakeRoomToo) {
  MemoryBudget measured;
  const auto measure = Open(&measured);
  ASSERT_OK(measure->blocks().Read(kGroup, DataType::kInt32, 0, {}));
  MemoryBudget one_block(measured.used_bytes());
  const auto first = Open(&one_block);
  const auto second = Open(&one_block);
  FilterBitmapCache bitmaps(&one_block);
  for (int round = 0; round < 2; ++round) {
    EXPECT_OK(first->blocks().Read(kGroup, DataType::kInt32, 0, {}));
    EXPECT_OK(second->blocks().Read(kGroup, DataType::kInt32, 0, {}));
    EXPECT_EQ(first->blocks().bytes(), 0u);
    second->blocks().Drop();
    bitmaps.Add("group > 1", std::make_shared<const FilterBitmap>(FilterBitmap{.words = {1, 2}}));
    EXPECT_GT(bitmaps.bytes(), 0u);
    EXPECT_OK(first->blocks().Read(kGroup, DataType::kInt32, 0, {}));
    EXPECT_EQ(bitmaps.bytes(), 0u);
    bitmaps.Add("group > 1", std::make_shared<const FilterBitmap>(FilterBitmap{.words = {1, 2}}));
    EXPECT_EQ(bitmaps.bytes(), 0u) << "a bitmap empties no cache";
  }
}

TEST_F(ColumnBlocksTest, SummariesBoundTheValues) {
  const auto segment = Open(nullptr);
  const auto summary = segment->blocks().Summary(kFirstFieldId, DataType::kInt64, {});
  ASSERT_OK(summary);
  ASSERT_TRUE((*summary)->segment.has_bounds);
  EXPECT_EQ((*summary)->segment.min_integer, 0);
  EXPECT_EQ((*summary)->segment.max_integer, kRows - 1);
  ASSERT_EQ((*summary)->blocks.size(), 3u);
  EXPECT_EQ((*summary)->blocks[1].min_integer, schema::kBlockRows);
  EXPECT_EQ(*segment->blocks().Summary(kFirstFieldId, DataType::kInt64, {}), *summary);
}

TEST_F(ColumnBlocksTest, UnknownColumnsAreDataLoss) {
  const auto segment = Open(nullptr);
  EXPECT_EQ(CodeOf(segment->blocks().Read(999, DataType::kInt32, 0, {})),
            absl::StatusCode::kDataLoss);
  EXPECT_OK(segment->blocks().Shredded({}));
  EXPECT_TRUE((*segment->blocks().Shredded({}))->empty());
}

}  // namespace
}  // namespace vecdb::segment
