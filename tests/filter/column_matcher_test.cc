#include "filter/column_matcher.h"

#include <gtest/gtest.h>

#include <string>

#include "filter/evaluate_testing.h"

namespace vecdb::filter {
namespace {

// The rows of 0 to 9, of a column of type T, that are in the set of `filter` on a field.
template <typename T>
std::vector<size_t> KeptOf(const std::string& filter, DataType type) {
  std::vector<T> values;
  for (int i = 0; i < 10; ++i)
    values.push_back(static_cast<T>(type == DataType::kBool ? i % 2 : i));
  const MemorySource source(naive::RandomFilterSchema(), {}, {}, 1);
  const Context context;
  BlockReader reader(source, context);
  BlockRows rows = BlockRows::First(10);
  EXPECT_OK(ColumnMatcher(RandomSchemaNode(filter).set, type)
                .Keep({.type = type, .num_rows = 10, .numbers = values.data()}, reader, &rows));
  return RowsIn(rows);
}

TEST(ColumnMatcherTest, EveryTypeOfNumberIsComparedAsItself) {
  const std::vector<size_t> kExpected = {3, 4, 5};
  EXPECT_EQ(KeptOf<int8_t>("2 < i8 <= 5", DataType::kInt8), kExpected);
  EXPECT_EQ(KeptOf<int16_t>("2 < i8 <= 5", DataType::kInt16), kExpected);
  EXPECT_EQ(KeptOf<int32_t>("2 < i8 <= 5", DataType::kInt32), kExpected);
  EXPECT_EQ(KeptOf<int64_t>("2 < i64 <= 5", DataType::kInt64), kExpected);
  EXPECT_EQ(KeptOf<float>("2 < f <= 5", DataType::kFloat), kExpected);
  EXPECT_EQ(KeptOf<double>("2 < d <= 5", DataType::kDouble), kExpected);
  EXPECT_EQ(KeptOf<uint8_t>("b", DataType::kBool), (std::vector<size_t>{1, 3, 5, 7, 9}));
  EXPECT_EQ(KeptOf<uint8_t>("not b", DataType::kBool), (std::vector<size_t>{0, 2, 4, 6, 8}));
}

TEST(ColumnMatcherTest, StringsAreComparedByTheirBytes) {
  const std::vector<std::string_view> values = {"a", "b", "", "ab"};
  const MemorySource source(naive::RandomFilterSchema(), {}, {}, 1);
  const Context context;
  BlockReader reader(source, context);
  const schema::ColumnBlock block{
      .type = DataType::kVarChar, .num_rows = 4, .views = values.data()};
  BlockRows rows = BlockRows::First(4);
  EXPECT_OK(ColumnMatcher(RandomSchemaNode("v > \"a\"").set, DataType::kVarChar)
                .Keep(block, reader, &rows));
  EXPECT_EQ(RowsIn(rows), (std::vector<size_t>{1, 3}));
}

}  // namespace
}  // namespace vecdb::filter
