#include "query/group_value.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace vecdb::query {
namespace {

std::string BytesAt(const Column& column, size_t row) {
  return GroupBytes(GroupValueAt(column, row));
}

template <typename T>
void ExpectApart(DataType type, std::vector<T> two_values) {
  two_values.push_back(two_values[0]);
  const Column column(type, 0, std::move(two_values));
  EXPECT_NE(BytesAt(column, 0), BytesAt(column, 1)) << DataTypeName(type);
  EXPECT_EQ(BytesAt(column, 0), BytesAt(column, 2)) << DataTypeName(type);
}

TEST(GroupValueTest, ValuesOfEveryTypeAreToldApart) {
  ExpectApart<uint8_t>(DataType::kBool, {0, 1});
  ExpectApart<int8_t>(DataType::kInt8, {-128, 127});
  ExpectApart<int16_t>(DataType::kInt16, {-1, 255});
  ExpectApart<int32_t>(DataType::kInt32, {-1, 65535});
  ExpectApart<int64_t>(DataType::kInt64, {INT64_MIN, INT64_MAX});
  ExpectApart<float>(DataType::kFloat, {0.5f, 0.25f});
  ExpectApart<double>(DataType::kDouble, {1e300, 1e301});
  const Column text(DataType::kVarChar, 0, Column::Strings{.bytes = "aba", .ends = {0, 1, 2, 3}});
  EXPECT_NE(BytesAt(text, 0), BytesAt(text, 1));
  EXPECT_NE(BytesAt(text, 1), BytesAt(text, 2));
  EXPECT_EQ(BytesAt(text, 1), BytesAt(text, 3));
}

TEST(GroupValueTest, ZeroHasNoSign) {
  const Column column(DataType::kDouble, 0, std::vector<double>{0.0, -0.0});
  EXPECT_EQ(BytesAt(column, 0), BytesAt(column, 1));
}

}  // namespace
}  // namespace vecdb::query
