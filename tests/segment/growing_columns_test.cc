#include "segment/growing_columns.h"

#include <gtest/gtest.h>

#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

// A row of 65 floats makes chunks of many sizes across a block.
TEST(GrowingColumnsTest, BlocksHoldTheValuesOfTheirRowsAcrossChunks) {
  const Schema schema = WideSchema();
  constexpr uint32_t kRows = schema::kBlockRows + 100;
  const auto growing = MakeGrowing(schema);
  Add(growing.get(), MakeRows(schema, KeyRange(0, kRows)), 10);
  const GrowingColumns columns(growing, kRows - 1);
  ASSERT_EQ(columns.num_blocks(), 2u);
  const auto ints = columns.Read(4, 1, {});
  ASSERT_OK(ints);
  ASSERT_EQ(ints->num_rows, 99u);
  const Column expected = growing->GatherAll(4, kRows);
  const auto first = columns.Read(4, 0, {});
  for (uint32_t row = 0; row < schema::kBlockRows; ++row) {
    ASSERT_EQ(first->as<int32_t>()[row], expected.int32s()[row]);
  }
  EXPECT_EQ(ints->as<int32_t>()[98], expected.int32s()[kRows - 2]);
  for (uint32_t block = 0; block < 2; ++block) {
    const auto texts = columns.Read(8, block, {});
    ASSERT_OK(texts);
    for (uint32_t row = 0; row < texts->num_rows; ++row) {
      ASSERT_EQ(texts->string(row), growing->string(8, block * schema::kBlockRows + row));
    }
  }
}

TEST(GrowingColumnsTest, ABlockOutlivesTheSourceAndTheSegment) {
  const Schema schema = WideSchema();
  auto growing = MakeGrowing(schema);
  Add(growing.get(), MakeRows(schema, KeyRange(0, 3000)), 10);
  const std::string expected(growing->string(8, 2999));
  schema::ColumnBlock block;
  block = *GrowingColumns(growing, 3000).Read(8, 0, {});
  growing = nullptr;
  EXPECT_EQ(block.string(2999), expected);
}

TEST(GrowingColumnsTest, NothingIsKnownBeforehand) {
  const auto growing = MakeGrowing(SmallSchema());
  Add(growing.get(), MakeRows(SmallSchema(), KeyRange(0, 3)), 10);
  const GrowingColumns columns(growing, 3);
  EXPECT_EQ(columns.SegmentStats(0), nullptr);
  EXPECT_EQ(columns.BlockStats(0, 0), nullptr);
  EXPECT_EQ(columns.Index(0), nullptr);
  EXPECT_TRUE(columns.MayContain(0, "x"));
  EXPECT_FALSE(columns.FindPath(0, {}).has_value());
}

}  // namespace
}  // namespace vecdb::segment
