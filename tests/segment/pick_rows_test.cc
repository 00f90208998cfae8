#include "segment/pick_rows.h"

#include <gtest/gtest.h>

#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

TEST(PickRowsTest, BlocksAndWholeColumnsGiveTheSameValues) {
  const Schema schema = WideSchema();
  constexpr uint32_t kRows = schema::kBlockRows + 77;
  const auto growing = MakeGrowing(schema);
  Add(growing.get(), MakeRows(schema, KeyRange(0, kRows)), 10);
  const auto sealed = OpenSealed(Write(*growing));
  const std::vector<uint32_t> rows = {0, kRows - 1,          7,
                                      7, schema::kBlockRows, schema::kBlockRows - 1};
  for (size_t column = 0; column < NumColumns(schema); ++column) {
    const DataType type = TypeOf(schema, column);
    if (type == DataType::kFloatVector) continue;
    const auto name = FieldName(schema, column);
    const auto expected = Texts(schema, name, growing->Gather(column, rows));
    const auto picked = PickRows(sealed->blocks(), FieldIdOf(schema, column), type, rows, {});
    ASSERT_OK(picked);
    EXPECT_EQ(Texts(schema, name, *picked), expected) << name;
    const auto whole = sealed->GetColumn(column, {});
    ASSERT_OK(whole);
    EXPECT_EQ(Texts(schema, name, PickRows((*whole)->column, rows)), expected) << name;
  }
}

TEST(PickRowsTest, OnlyBlocksWithARowAreRead) {
  const Schema schema = SmallSchema();
  const auto growing = MakeGrowing(schema);
  Add(growing.get(), MakeRows(schema, KeyRange(0, 3 * schema::kBlockRows)), 10);
  const auto sealed = OpenSealed(Write(*growing));
  const std::vector<uint32_t> rows = {schema::kBlockRows};
  ASSERT_OK(PickRows(sealed->blocks(), kFirstFieldId + 2, DataType::kInt32, rows, {}));
  EXPECT_LT(sealed->blocks().bytes(), 2 * schema::kBlockRows * sizeof(int32_t));
}

TEST(PickRowsTest, OneBlockIsHeldHoweverManyAreWanted) {
  const Schema schema = SmallSchema();
  const auto growing = MakeGrowing(schema);
  constexpr uint32_t kBlocks = 6;
  Add(growing.get(), MakeRows(schema, KeyRange(0, kBlocks * schema::kBlockRows)), 10);
  const Written written = Write(*growing);
  std::vector<uint32_t> rows;  // two of each block, the last block first and its neighbour apart
  for (uint32_t i = 0; i < 2 * kBlocks; ++i) {
    rows.push_back((2 * kBlocks - 1 - i) % kBlocks * schema::kBlockRows + i);
  }
  for (const size_t column : {size_t{0}, size_t{2}}) {
    const DataType type = TypeOf(schema, column);
    const auto pick = [&](MemoryBudget* budget) {
      const auto sealed = OpenSealed(written, {.budget = budget});
      return PickRows(sealed->blocks(), FieldIdOf(schema, column), type, rows, {});
    };
    const auto expected = Texts(schema, FieldName(schema, column), growing->Gather(column, rows));
    // From no room for a block on, until the pick succeeds: with room for less than two.
    size_t limit = 1000;
    absl::StatusOr<Column> picked = absl::UnknownError("not picked yet");
    for (; !picked.ok(); limit += 1000) {
      MemoryBudget budget(limit);
      picked = pick(&budget);
      ASSERT_TRUE(picked.ok() || absl::IsResourceExhausted(picked.status())) << picked.status();
    }
    EXPECT_EQ(Texts(schema, FieldName(schema, column), *picked), expected);
    EXPECT_LT(limit, 2 * schema::kBlockRows * sizeof(int64_t)) << FieldName(schema, column);
  }
}

}  // namespace
}  // namespace vecdb::segment
