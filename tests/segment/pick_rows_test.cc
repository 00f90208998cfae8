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

}  // namespace
}  // namespace vecdb::segment
