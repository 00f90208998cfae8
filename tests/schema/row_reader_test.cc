#include "schema/row_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

// The rules of rows, fed through RowBatch::FromJson, whose parser makes the events.
absl::StatusOr<RowBatch> Read(const Schema& schema, std::string_view text) {
  return RowBatch::FromJson(schema, text);
}

// A schema of key, vector (dim 2) and one field "x".
Schema SchemaWith(FieldSpec x) {
  x.name = "x";
  return Schema{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                           {.name = "v", .type = DataType::kFloatVector, .dim = 2},
                           x}};
}

absl::StatusOr<RowBatch> ReadValue(DataType type, std::string_view value) {
  const int32_t max_length = type == DataType::kVarChar ? 8 : 0;
  return Read(SchemaWith({.type = type, .max_length = max_length}),
              "[{\"id\":1,\"v\":[1,2],\"x\":" + std::string(value) + "}]");
}

TEST(RowReaderTest, AcceptsTheLimitsOfEveryIntegerType) {
  const struct {
    DataType type;
    const char* min;
    const char* max;
    const char* below;
    const char* above;
  } cases[] = {
      {DataType::kInt8, "-128", "127", "-129", "128"},
      {DataType::kInt16, "-32768", "32767", "-32769", "32768"},
      {DataType::kInt32, "-2147483648", "2147483647", "-2147483649", "2147483648"},
      {DataType::kInt64, "-9223372036854775808", "9223372036854775807", "-9223372036854775809",
       "9223372036854775808"},
  };
  for (const auto& c : cases) {
    for (const char* value : {c.min, c.max}) {
      const auto batch = ReadValue(c.type, value);
      ASSERT_OK(batch);
      EXPECT_EQ(batch->ValueToJson("x", 0), value);
    }
    for (const char* value : {c.below, c.above}) {
      EXPECT_TRUE(
          IsInvalid(ReadValue(c.type, value),
                    {"row 0", "\"x\"", value, "out of the range of", DataTypeName(c.type)}));
    }
  }
}

TEST(RowReaderTest, AnIntegerIsSpelledWithoutPointAndExponent) {
  for (const char* value : {"1.0", "1e2", "0.5", "-0.0"}) {
    EXPECT_TRUE(IsInvalid(ReadValue(DataType::kInt64, value), {"\"x\"", value, "not an integer"}));
  }
  EXPECT_TRUE(IsInvalid(ReadValue(DataType::kInt64, "18446744073709551616"), {"out of the range"}));
}

TEST(RowReaderTest, FloatsTakeIntegersAndRefuseWhatTheyCannotHold) {
  EXPECT_EQ(ReadValue(DataType::kFloat, "3")->column("x")->floats()[0], 3.0F);
  EXPECT_EQ(ReadValue(DataType::kDouble, "-3")->column("x")->doubles()[0], -3.0);
  EXPECT_EQ(ReadValue(DataType::kDouble, "1e300")->column("x")->doubles()[0], 1e300);
  EXPECT_TRUE(IsInvalid(ReadValue(DataType::kFloat, "1e39"), {"\"x\"", "1e39", "Float"}));
  EXPECT_TRUE(IsInvalid(ReadValue(DataType::kFloat, "-1e39"), {"\"x\"", "-1e39", "Float"}));
}

TEST(RowReaderTest, EveryTypeTakesItsOwnKindOfValueOnly) {
  const struct {
    const char* value;
    const char* got;
    std::vector<DataType> takers;
  } cases[] = {
      {"true", "a Bool", {DataType::kBool, DataType::kJson}},
      {"7",
       "a number",
       {DataType::kInt8, DataType::kInt16, DataType::kInt32, DataType::kInt64, DataType::kFloat,
        DataType::kDouble, DataType::kJson}},
      {"\"s\"", "a string", {DataType::kVarChar, DataType::kJson}},
      {"null", "null", {DataType::kJson}},
      {"{}", "an object", {DataType::kJson}},
      {"[1,2]", "an array", {DataType::kJson}},
  };
  for (const auto& c : cases) {
    for (const DataType type :
         {DataType::kBool, DataType::kInt8, DataType::kInt16, DataType::kInt32, DataType::kInt64,
          DataType::kFloat, DataType::kDouble, DataType::kVarChar, DataType::kJson}) {
      const auto batch = ReadValue(type, c.value);
      if (std::find(c.takers.begin(), c.takers.end(), type) != c.takers.end()) {
        EXPECT_OK(batch) << c.value;
      } else {
        EXPECT_TRUE(IsInvalid(batch, {"row 0", "\"x\"", c.got, DataTypeName(type)})) << c.value;
      }
    }
  }
}

TEST(RowReaderTest, AVectorHasDimNumbers) {
  const auto read = [](std::string_view vector) {
    return Read(DocsSchema(),
                "[{\"id\":1,\"title\":\"\",\"embedding\":" + std::string(vector) + "}]");
  };
  EXPECT_OK(read("[1,2]"));
  EXPECT_TRUE(IsInvalid(read("[1]"), {"row 0", "\"embedding\"", "1 numbers", "dim is 2"}));
  EXPECT_TRUE(IsInvalid(read("[]"), {"0 numbers", "dim is 2"}));
  EXPECT_TRUE(IsInvalid(read("[1,2,3]"), {"more than 2"}));
  EXPECT_TRUE(IsInvalid(read("[1,1e39]"), {"number 1", "out of the range of Float"}));
  EXPECT_TRUE(IsInvalid(read("[1,null]"), {"null among"}));
  EXPECT_TRUE(IsInvalid(read("[1,\"2\"]"), {"a string among"}));
  EXPECT_TRUE(IsInvalid(read("[true,2]"), {"a Bool among"}));
  EXPECT_TRUE(IsInvalid(read("[[1,2]]"), {"an array among"}));
  EXPECT_TRUE(IsInvalid(read("[{}]"), {"an object among"}));
  EXPECT_TRUE(IsInvalid(read("1"), {"a number for a field of type FloatVector"}));
  EXPECT_TRUE(IsInvalid(read("{}"), {"an object for a field of type FloatVector"}));
}

TEST(RowReaderTest, RefusesWhatIsNotAnArrayOfObjects) {
  for (const char* text :
       {"1", "null", "true", "\"a\"", "{}", "[1]", "[null]", "[[]]", "[\"a\"]", R"({"row":[]})",
        R"({"rows":{}})", R"({"rows":1})", R"({"rows":[],"rows":[]})", R"({"rows":[],"x":1})"}) {
    EXPECT_TRUE(IsInvalid(Read(DocsSchema(), text), {"JSON array of objects"})) << text;
  }
}

TEST(RowReaderTest, AnArrayWithoutRowsGivesEmptyColumns) {
  for (const char* text : {"[]", R"({"rows":[]})"}) {
    const auto batch = Read(DocsSchema(), text);
    ASSERT_OK(batch);
    EXPECT_EQ(batch->num_rows(), 0u);
    EXPECT_NE(batch->column("id"), nullptr);
  }
}

TEST(RowReaderTest, EveryFieldComesOnceInEveryRow) {
  EXPECT_TRUE(IsInvalid(Read(DocsSchema(), R"([{"id":1,"embedding":[1,2]}])"),
                        {"row 0", "\"title\"", "missing"}));
  EXPECT_TRUE(IsInvalid(Read(DocsSchema(), R"([{"id":1,"title":"","embedding":[1,2]},{}])"),
                        {"row 1", "\"id\"", "missing"}));
  EXPECT_TRUE(
      IsInvalid(Read(DocsSchema(), R"([{"id":1,"id":1}])"), {"row 0", "\"id\"", "comes twice"}));
  EXPECT_TRUE(IsInvalid(Read(DocsSchema(), R"([{"colour":1}])"), {"row 0", "no field \"colour\""}));
}

TEST(RowReaderTest, AnAutoIdKeyIsInAllRowsOrInNone) {
  Schema schema = DocsSchema();
  schema.fields[0].auto_id = true;
  const std::string with = R"({"id":1,"title":"","embedding":[1,2]})";
  const std::string without = R"({"title":"","embedding":[1,2]})";
  EXPECT_EQ(Read(schema, "[" + without + "," + without + "]")->column("id"), nullptr);
  EXPECT_EQ(Read(schema, "[" + with + "," + with + "]")->column("id")->num_rows(), 2u);
  EXPECT_TRUE(
      IsInvalid(Read(schema, "[" + with + "," + without + "]"), {"row 1", "\"id\"", "missing"}));
  EXPECT_TRUE(IsInvalid(Read(schema, "[" + without + "," + with + "]"),
                        {"row 1", "\"id\"", "missing in the rows before"}));
}

TEST(RowReaderTest, KeepsUndeclaredKeysTogether) {
  Schema schema = DocsSchema();
  schema.enable_dynamic_field = true;
  const auto batch = Read(schema, R"([
      {"a" : 1, "id":1, "title":"", "b\n" : [ {"c":null}, -0, 1.50 ], "embedding":[1,2], "d":{}},
      {"id":2, "title":"", "embedding":[1,2]}])");
  ASSERT_OK(batch);
  EXPECT_EQ(batch->column("$meta")->string(0), R"({"a":1,"b\n":[{"c":null},-0,1.50],"d":{}})");
  EXPECT_EQ(batch->column("$meta")->string(1), "{}");
}

TEST(RowReaderTest, RefusesUndeclaredKeysThatAreReservedOrComeTwice) {
  Schema schema = DocsSchema();
  schema.enable_dynamic_field = true;
  EXPECT_TRUE(IsInvalid(Read(schema, R"([{"$meta":{}}])"), {"row 0", "\"$meta\"", "reserved"}));
  EXPECT_TRUE(IsInvalid(Read(schema, R"([{"a":1,"a":2}])"), {"row 0", "\"a\"", "comes twice"}));
  EXPECT_OK(Read(schema, R"([{"a":1,"id":1,"title":"","embedding":[1,2]},
                             {"a":1,"id":2,"title":"","embedding":[1,2]}])"));
}

TEST(RowReaderTest, CopiesJsonFieldsWithoutWhiteSpace) {
  EXPECT_EQ(ReadValue(DataType::kJson, R"( { "a" : [ 1 , true , "\u00e9\/" ] } )")
                ->column("x")
                ->string(0),
            "{\"a\":[1,true,\"\xC3\xA9/\"]}");
  EXPECT_EQ(ReadValue(DataType::kJson, "123456789012345678901234567890")->column("x")->string(0),
            "123456789012345678901234567890");
}

TEST(RowReaderTest, NestingOfUndeclaredKeysCountsTheObjectTheyLieIn) {
  Schema schema = DocsSchema();
  schema.enable_dynamic_field = true;
  const auto read = [&](size_t depth) {
    return Read(schema, R"([{"id":1,"title":"","embedding":[1,2],"a":)" + std::string(depth, '[') +
                            std::string(depth, ']') + "}]");
  };
  EXPECT_OK(read(31));
  EXPECT_TRUE(IsInvalid(read(32), {"row 0", "\"$meta\"", "deeper than the limit of 32"}));
}

}  // namespace
}  // namespace vecdb::schema
