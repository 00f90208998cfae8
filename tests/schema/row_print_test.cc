#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "schema/schema_testing.h"
#include "vecdb/row_batch.h"

namespace vecdb::schema {
namespace {

TEST(RowPrintTest, PrintsAValueOfEveryType) {
  RowBatch batch(EveryTypeSchema());
  batch.SetBool("bool", std::array<bool, 2>{false, true})
      .SetInt8("int8", std::array<int8_t, 1>{-8})
      .SetInt16("int16", std::array<int16_t, 1>{-16})
      .SetInt32("int32", std::array<int32_t, 1>{-32})
      .SetInt64("int64", std::array<int64_t, 1>{-64})
      .SetFloat("float", std::array<float, 1>{0.1F})
      .SetDouble("double", std::array<double, 1>{1e-9})
      .SetVarChar("varchar", std::array<std::string, 1>{"a\"b"})
      .SetJson("json", std::array<std::string, 1>{"{ }"})
      .SetFloatVectors("vector", std::vector<float>{1, -0.5F});
  EXPECT_EQ(batch.ValueToJson("bool", 0), "false");
  EXPECT_EQ(batch.ValueToJson("bool", 1), "true");
  EXPECT_EQ(batch.ValueToJson("int8", 0), "-8");
  EXPECT_EQ(batch.ValueToJson("int16", 0), "-16");
  EXPECT_EQ(batch.ValueToJson("int32", 0), "-32");
  EXPECT_EQ(batch.ValueToJson("int64", 0), "-64");
  EXPECT_EQ(batch.ValueToJson("float", 0), "0.1");
  EXPECT_EQ(batch.ValueToJson("double", 0), "1e-09");
  EXPECT_EQ(batch.ValueToJson("varchar", 0), "\"a\\\"b\"");
  EXPECT_EQ(batch.ValueToJson("json", 0), "{ }");
  EXPECT_EQ(batch.ValueToJson("vector", 0), "[1,-0.5]");
}

TEST(RowPrintTest, PrintsWhatIsNotThereAsNull) {
  RowBatch batch(DocsSchema());
  batch.SetInt64("id", std::array<int64_t, 1>{1});
  EXPECT_EQ(batch.ValueToJson("id", 1), "null");
  EXPECT_EQ(batch.ValueToJson("title", 0), "null");
  EXPECT_EQ(batch.ValueToJson("nothing", 0), "null");
}

TEST(RowPrintTest, PrintsNumbersThatJsonLacksAsNull) {
  RowBatch batch(DocsSchema());
  batch.SetFloatVectors("embedding",
                        std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(batch.ValueToJson("embedding", 0), "[1,null]");
}

TEST(RowPrintTest, PrintsNoRowsAsAnEmptyArray) { EXPECT_EQ(RowBatch(DocsSchema()).ToJson(), "[]"); }

TEST(RowPrintTest, PrintsTheColumnsThatAreSetInTheOrderOfTheSchema) {
  RowBatch batch(DocsSchema());
  batch.SetVarChar("title", std::array<std::string, 2>{"a", "b"})
      .SetInt64("id", std::array<int64_t, 2>{1, 2});
  EXPECT_EQ(batch.ToJson(), R"([{"id":1,"title":"a"},{"id":2,"title":"b"}])");
}

TEST(RowPrintTest, PutsDynamicKeysBesideTheOthers) {
  Schema schema = DocsSchema();
  schema.enable_dynamic_field = true;
  RowBatch batch(schema);
  batch.SetInt64("id", std::array<int64_t, 3>{1, 2, 3})
      .SetJson("$meta", std::array<std::string, 3>{"{\"a\":{}}", " { } ", " {\"b\" : 1 } "});
  EXPECT_EQ(batch.ToJson(), R"([{"id":1,"a":{}},{"id":2},{"id":3,"b" : 1}])");
  RowBatch alone(schema);
  alone.SetJson("$meta", std::array<std::string, 3>{"{\"a\":1}", "", "{"});
  EXPECT_EQ(alone.ToJson(), R"([{"a":1},{},{}])");
}

}  // namespace
}  // namespace vecdb::schema
