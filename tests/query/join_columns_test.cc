#include "query/join_columns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace vecdb::query {
namespace {

// Row 1 of the second, row 0 of the first, row 0 of the second, and that again.
constexpr std::array<PartRow, 4> kRows = {{{1, 1}, {0, 0}, {1, 0}, {1, 0}}};

Column JoinTwo(const Column& a, const Column& b) {
  const std::array<const Column*, 2> parts = {&a, &b};
  return JoinColumns(parts, kRows);
}

template <typename T, typename Values>
void ExpectJoined(DataType type, Values values_of) {
  const Column joined = JoinTwo(Column(type, 0, std::vector<T>{1}),
                                Column(type, 0, std::vector<T>{T{0}, static_cast<T>(7)}));
  EXPECT_EQ(joined.type(), type);
  const std::vector<T> expected = {static_cast<T>(7), 1, 0, 0};
  EXPECT_TRUE(std::ranges::equal(values_of(joined), expected)) << DataTypeName(type);
}

TEST(JoinColumnsTest, NumbersComeInTheOrderOfTheRows) {
  ExpectJoined<uint8_t>(DataType::kBool, [](const Column& c) { return c.bools(); });
  ExpectJoined<int8_t>(DataType::kInt8, [](const Column& c) { return c.int8s(); });
  ExpectJoined<int16_t>(DataType::kInt16, [](const Column& c) { return c.int16s(); });
  ExpectJoined<int32_t>(DataType::kInt32, [](const Column& c) { return c.int32s(); });
  ExpectJoined<int64_t>(DataType::kInt64, [](const Column& c) { return c.int64s(); });
  ExpectJoined<float>(DataType::kFloat, [](const Column& c) { return c.floats(); });
  ExpectJoined<double>(DataType::kDouble, [](const Column& c) { return c.doubles(); });
}

TEST(JoinColumnsTest, StringsKeepTheirType) {
  for (const DataType type : {DataType::kVarChar, DataType::kJson}) {
    const Column joined = JoinTwo(Column(type, 0, Column::Strings{.bytes = "[1]", .ends = {3}}),
                                  Column(type, 0, Column::Strings{.bytes = "{}", .ends = {0, 2}}));
    EXPECT_EQ(joined.type(), type);
    EXPECT_EQ(joined.string(0), "{}");
    EXPECT_EQ(joined.string(1), "[1]");
    EXPECT_EQ(joined.string(2), "");
    EXPECT_EQ(joined.num_rows(), 4u);
  }
}

TEST(JoinColumnsTest, VectorsThatWereBorrowedAreOwned) {
  std::vector<float> borrowed = {1, 2};
  const Column joined =
      JoinTwo(Column(DataType::kFloatVector, 2, Column::Vectors{.borrowed = borrowed}),
              Column(DataType::kFloatVector, 2, Column::Vectors{.owned = {3, 4, 5, 6}}));
  borrowed.assign(2, 0);
  EXPECT_TRUE(std::ranges::equal(joined.vectors(), std::vector<float>{5, 6, 1, 2, 3, 4, 3, 4}));
  EXPECT_EQ(joined.dim(), 2);
}

}  // namespace
}  // namespace vecdb::query
