#include <gtest/gtest.h>

#include <vector>

#include "vecdb/row_batch.h"

namespace vecdb {
namespace {

Column VarChars(std::string bytes, std::vector<uint64_t> ends) {
  return Column(DataType::kVarChar, 0,
                Column::Strings{.bytes = std::move(bytes), .ends = std::move(ends)});
}

Column Vectors(int32_t dim, std::vector<float> floats) {
  return Column(DataType::kFloatVector, dim, Column::Vectors{.owned = std::move(floats)});
}

TEST(ColumnTest, IsEmptyByDefault) {
  const Column column;
  EXPECT_EQ(column.type(), DataType::kNone);
  EXPECT_EQ(column.num_rows(), 0u);
  EXPECT_TRUE(column.empty());
  EXPECT_FALSE(column.well_formed());
}

template <typename T>
void ExpectHolds(DataType type, std::span<const T> (Column::*accessor)() const) {
  const std::vector<T> values = {T{0}, T{1}};
  const Column column(type, 0, values);
  EXPECT_EQ(column.num_rows(), 2u);
  EXPECT_FALSE(column.empty());
  EXPECT_TRUE(column.well_formed()) << DataTypeName(type);
  const std::span<const T> held = (column.*accessor)();
  EXPECT_EQ(std::vector<T>(held.begin(), held.end()), values);
  EXPECT_EQ(column.string(0), "");
  EXPECT_TRUE(column.vectors().empty());
  EXPECT_TRUE(column.vector(0).empty());
}

TEST(ColumnTest, GivesNumbersBackThroughTheAccessorOfTheirType) {
  ExpectHolds<uint8_t>(DataType::kBool, &Column::bools);
  ExpectHolds<int8_t>(DataType::kInt8, &Column::int8s);
  ExpectHolds<int16_t>(DataType::kInt16, &Column::int16s);
  ExpectHolds<int32_t>(DataType::kInt32, &Column::int32s);
  ExpectHolds<int64_t>(DataType::kInt64, &Column::int64s);
  ExpectHolds<float>(DataType::kFloat, &Column::floats);
  ExpectHolds<double>(DataType::kDouble, &Column::doubles);
}

TEST(ColumnTest, OtherAccessorsGiveEmptySpans) {
  const Column column(DataType::kInt64, 0, std::vector<int64_t>{1});
  EXPECT_TRUE(column.bools().empty());
  EXPECT_TRUE(column.int8s().empty());
  EXPECT_TRUE(column.int16s().empty());
  EXPECT_TRUE(column.int32s().empty());
  EXPECT_TRUE(column.floats().empty());
  EXPECT_TRUE(column.doubles().empty());
  EXPECT_TRUE(Vectors(2, {1, 2}).int64s().empty());
}

TEST(ColumnTest, CutsStringsAtTheirEnds) {
  const Column column = VarChars("abcde", {2, 2, 5});
  EXPECT_EQ(column.num_rows(), 3u);
  EXPECT_EQ(column.string(0), "ab");
  EXPECT_EQ(column.string(1), "");
  EXPECT_EQ(column.string(2), "cde");
  EXPECT_EQ(column.string(3), "");
  EXPECT_TRUE(column.well_formed());
}

TEST(ColumnTest, StaysWithinStringsWhoseEndsAreWrong) {
  for (const std::vector<uint64_t>& ends :
       std::vector<std::vector<uint64_t>>{{5, 2}, {9}, {2}, {~uint64_t{0}, 5}}) {
    const Column column = VarChars("abcde", ends);
    EXPECT_FALSE(column.well_formed());
    for (size_t row = 0; row < 3; ++row) EXPECT_LE(column.string(row).size(), 5u);
  }
}

TEST(ColumnTest, CutsVectorsByDim) {
  const Column column = Vectors(2, {1, 2, 3, 4});
  EXPECT_EQ(column.num_rows(), 2u);
  EXPECT_EQ(column.vectors().size(), 4u);
  ASSERT_EQ(column.vector(1).size(), 2u);
  EXPECT_EQ(column.vector(1)[0], 3);
  EXPECT_TRUE(column.vector(2).empty());
  EXPECT_TRUE(column.well_formed());
}

TEST(ColumnTest, BorrowsVectorsWithoutCopying) {
  const std::vector<float> floats = {1, 2};
  const Column column(DataType::kFloatVector, 2, Column::Vectors{.borrowed = floats});
  EXPECT_EQ(column.vectors().data(), floats.data());
  EXPECT_EQ(column.num_rows(), 1u);
}

TEST(ColumnTest, FloatsThatAreNoMultipleOfDimAreNotWellFormed) {
  const Column column = Vectors(2, {1, 2, 3});
  EXPECT_FALSE(column.well_formed());
  EXPECT_EQ(column.num_rows(), 1u);
  EXPECT_EQ(column.vector(0).size(), 2u);
  EXPECT_TRUE(column.vector(1).empty());
}

TEST(ColumnTest, ADimBelowOneGivesNoRows) {
  for (const int32_t dim : {0, -1}) {
    const Column column = Vectors(dim, {1, 2});
    EXPECT_EQ(column.num_rows(), 0u);
    EXPECT_TRUE(column.vector(0).empty());
    EXPECT_FALSE(column.well_formed());
  }
}

TEST(ColumnTest, ValuesOfAnotherTypeAreNotWellFormed) {
  for (const DataType type : {DataType::kBool, DataType::kInt8, DataType::kInt16, DataType::kInt32,
                              DataType::kInt64, DataType::kDouble, DataType::kVarChar,
                              DataType::kJson, DataType::kFloatVector, DataType::kArray}) {
    EXPECT_FALSE(Column(type, 1, std::vector<float>{1}).well_formed()) << DataTypeName(type);
  }
}

}  // namespace
}  // namespace vecdb
