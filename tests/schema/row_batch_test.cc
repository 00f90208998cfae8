#include "vecdb/row_batch.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

TEST(RowBatchTest, StartsWithoutColumns) {
  const RowBatch batch(DocsSchema());
  EXPECT_OK(batch.status());
  EXPECT_EQ(batch.num_rows(), 0u);
  EXPECT_EQ(batch.column("id"), nullptr);
  EXPECT_EQ(batch.schema(), DocsSchema());
}

TEST(RowBatchTest, SharesASchemaThatIsGivenShared) {
  const auto schema = std::make_shared<const Schema>(DocsSchema());
  const RowBatch batch(schema);
  EXPECT_EQ(&batch.schema(), schema.get());
}

TEST(RowBatchTest, TakesAColumnOfEveryType) {
  RowBatch batch(EveryTypeSchema());
  const std::array<bool, 2> bools = {true, false};
  batch.SetBool("bool", bools)
      .SetInt8("int8", std::array<int8_t, 2>{-128, 127})
      .SetInt16("int16", std::array<int16_t, 2>{1, 2})
      .SetInt32("int32", std::array<int32_t, 2>{3, 4})
      .SetInt64("int64", std::array<int64_t, 2>{5, 6})
      .SetFloat("float", std::array<float, 2>{0.5F, 1.5F})
      .SetDouble("double", std::array<double, 2>{0.25, 2.5})
      .SetVarChar("varchar", std::array<std::string, 2>{"a", "bc"})
      .SetJson("json", std::array<std::string, 2>{"1", "[]"})
      .SetJson("$meta", std::array<std::string, 2>{"{}", "{\"x\":1}"})
      .SetFloatVectors("vector", std::vector<float>{1, 2, 3, 4});
  ASSERT_OK(batch.status());
  EXPECT_EQ(batch.num_rows(), 2u);
  EXPECT_EQ(batch.column("bool")->bools()[0], 1);
  EXPECT_EQ(batch.column("int8")->int8s()[0], -128);
  EXPECT_EQ(batch.column("int16")->int16s()[1], 2);
  EXPECT_EQ(batch.column("int32")->int32s()[1], 4);
  EXPECT_EQ(batch.column("int64")->int64s()[0], 5);
  EXPECT_EQ(batch.column("float")->floats()[1], 1.5F);
  EXPECT_EQ(batch.column("double")->doubles()[0], 0.25);
  EXPECT_EQ(batch.column("varchar")->string(1), "bc");
  EXPECT_EQ(batch.column("json")->string(1), "[]");
  EXPECT_EQ(batch.column("$meta")->string(1), "{\"x\":1}");
  EXPECT_EQ(batch.column("vector")->vector(1)[0], 3);
}

TEST(RowBatchTest, TakesStringViews) {
  RowBatch batch(DocsSchema());
  batch.SetVarChar("title", std::array<std::string_view, 2>{"x", "yz"});
  ASSERT_OK(batch.status());
  EXPECT_EQ(batch.column("title")->string(1), "yz");
}

TEST(RowBatchTest, BorrowsVectorsUnlessTheyAreMovedIn) {
  std::vector<float> floats = {1, 2};
  const float* data = floats.data();
  RowBatch batch(DocsSchema());
  batch.SetFloatVectors("embedding", floats);
  EXPECT_EQ(batch.column("embedding")->vectors().data(), data);
  batch.SetFloatVectors("embedding", std::move(floats));
  EXPECT_EQ(batch.column("embedding")->vectors().data(), data);
  RowBatch moved = std::move(batch);
  EXPECT_EQ(moved.column("embedding")->vectors().data(), data);
}

TEST(RowBatchTest, SettingAColumnAgainReplacesIt) {
  RowBatch batch(DocsSchema());
  batch.SetInt64("id", std::array<int64_t, 2>{1, 2}).SetInt64("id", std::array<int64_t, 1>{9});
  ASSERT_OK(batch.status());
  EXPECT_EQ(batch.num_rows(), 1u);
  EXPECT_EQ(batch.column("id")->int64s()[0], 9);
}

TEST(RowBatchTest, CountsTheRowsOfTheLongestColumn) {
  RowBatch batch(DocsSchema());
  batch.SetInt64("id", std::array<int64_t, 2>{1, 2})
      .SetVarChar("title", std::array<std::string, 3>{"a", "b", "c"});
  EXPECT_EQ(batch.num_rows(), 3u);
}

TEST(RowBatchTest, AColumnWithoutRowsIsSet) {
  RowBatch batch(DocsSchema());
  batch.SetInt64("id", {});
  ASSERT_NE(batch.column("id"), nullptr);
  EXPECT_TRUE(batch.column("id")->empty());
}

TEST(RowBatchTest, RefusesAnUnknownField) {
  RowBatch batch(DocsSchema());
  batch.SetInt64("idd", std::array<int64_t, 1>{1});
  EXPECT_TRUE(IsInvalid(batch.status(), {"no field \"idd\""}));
}

TEST(RowBatchTest, RefusesValuesOfAnotherType) {
  RowBatch batch(DocsSchema());
  batch.SetInt32("id", std::array<int32_t, 1>{1});
  EXPECT_TRUE(IsInvalid(batch.status(), {"\"id\"", "Int64", "Int32"}));
  EXPECT_EQ(batch.column("id"), nullptr);
}

TEST(RowBatchTest, RefusesTheDynamicFieldWhenItIsOff) {
  RowBatch batch(DocsSchema());
  batch.SetJson("$meta", std::array<std::string, 1>{"{}"});
  EXPECT_TRUE(IsInvalid(batch.status(), {"$meta"}));
}

TEST(RowBatchTest, RefusesFloatsThatAreNoMultipleOfDim) {
  RowBatch batch(DocsSchema());
  batch.SetFloatVectors("embedding", std::vector<float>{1, 2, 3});
  EXPECT_TRUE(IsInvalid(batch.status(), {"\"embedding\"", "3 floats", "dim 2"}));
}

TEST(RowBatchTest, KeepsTheFirstMistake) {
  RowBatch batch(DocsSchema());
  batch.SetInt64("first", {}).SetInt64("second", {}).SetInt64("id", std::array<int64_t, 1>{1});
  EXPECT_TRUE(IsInvalid(batch.status(), {"first"}));
}

TEST(RowBatchTest, SetColumnChecksTypeDimAndShape) {
  const struct {
    const char* field;
    Column column;
    const char* part;
  } cases[] = {
      {"id", Column(DataType::kInt32, 0, std::vector<int32_t>{1}), "Int32"},
      {"id", Column(DataType::kInt64, 0, std::vector<int32_t>{1}), "malformed"},
      {"id", Column(), "None"},
      {"title", Column(DataType::kVarChar, 0, Column::Strings{.bytes = "a", .ends = {2}}),
       "malformed"},
      {"embedding", Column(DataType::kFloatVector, 3, Column::Vectors{.owned = {1, 2, 3}}),
       "dim 3"},
      {"embedding", Column(DataType::kFloatVector, 2, Column::Vectors{.owned = {1, 2, 3}}),
       "3 floats"},
  };
  for (const auto& c : cases) {
    RowBatch batch(DocsSchema());
    batch.SetColumn(c.field, c.column);
    EXPECT_TRUE(IsInvalid(batch.status(), {c.field, c.part}));
  }
}

TEST(RowBatchTest, SetColumnTakesAColumnReadElsewhere) {
  RowBatch source(DocsSchema());
  source.SetInt64("id", std::array<int64_t, 1>{7});
  RowBatch batch(DocsSchema());
  batch.SetColumn("id", *source.column("id"));
  ASSERT_OK(batch.status());
  EXPECT_EQ(batch.column("id")->int64s()[0], 7);
}

TEST(RowBatchTest, SurvivesASchemaThatIsNotValid) {
  Schema schema = DocsSchema();
  schema.fields[2].dim = 0;
  RowBatch batch(schema);
  batch.SetFloatVectors("embedding", std::vector<float>{1});
  EXPECT_FALSE(batch.status().ok());
}

}  // namespace
}  // namespace vecdb::schema
