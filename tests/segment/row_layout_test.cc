#include "segment/row_layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

TEST(RowLayoutTest, ArraysAreAlignedAndDoNotMeet) {
  Schema long_rows = SmallSchema(DataType::kVarChar, 32768);
  for (int i = 0; i < 9; ++i) {
    long_rows.fields.push_back(
        {.name = "v" + std::to_string(i), .type = DataType::kFloatVector, .dim = 32768});
  }
  for (const Schema& schema : {SmallSchema(), SmallSchema(DataType::kVarChar, 1), WideSchema(),
                               SmallSchema(DataType::kInt64, 768), long_rows}) {
    const RowLayout layout(schema);
    ASSERT_EQ(layout.num_columns(), NumColumns(schema));
    const uint64_t rows = layout.chunk_rows();
    EXPECT_EQ(rows % 16, 0u);
    EXPECT_GE(rows, 16u);
    EXPECT_LE(rows, 4096u);
    std::vector<std::pair<uint64_t, uint64_t>> arrays = {{layout.time_offset(), 8 * rows}};
    uint64_t row_bytes = 8;
    for (size_t i = 0; i < layout.num_columns(); ++i) {
      arrays.emplace_back(layout.offset(i), layout.width(i) * rows);
      row_bytes += layout.width(i);
      if (layout.type(i) != DataType::kFloatVector) continue;
      arrays.emplace_back(layout.norm_offset(i), 4 * rows);
      row_bytes += 4;
      EXPECT_EQ(layout.width(i), 4u * static_cast<uint64_t>(layout.dim(i)));
    }
    EXPECT_EQ(layout.row_bytes(), row_bytes);
    std::sort(arrays.begin(), arrays.end());
    uint64_t end = 0;
    for (const auto& [offset, bytes] : arrays) {
      EXPECT_EQ(offset % 64, 0u);
      EXPECT_GE(offset, end);
      end = offset + bytes;
    }
    EXPECT_LE(end, layout.chunk_bytes());
    EXPECT_TRUE(rows == 16 || layout.chunk_bytes() <= 256u << 10) << layout.chunk_bytes();
  }
}

TEST(RowLayoutTest, ChunksAreWhatFitsInAQuarterOfAMegabyte) {
  EXPECT_EQ(RowLayout(SmallSchema(DataType::kInt64, 1)).chunk_rows(), 4096u);
  EXPECT_EQ(RowLayout(SmallSchema(DataType::kInt64, 768)).chunk_rows(), 80u);
  EXPECT_EQ(RowLayout(SmallSchema(DataType::kInt64, 32768)).chunk_rows(), 16u);
}

TEST(RowLayoutTest, StringsAreKeptAsViews) {
  EXPECT_EQ(RowLayout(SmallSchema(DataType::kVarChar)).width(0), sizeof(std::string_view));
  EXPECT_TRUE(IsStringType(DataType::kJson));
  EXPECT_FALSE(IsStringType(DataType::kBool));
}

}  // namespace
}  // namespace vecdb::segment
