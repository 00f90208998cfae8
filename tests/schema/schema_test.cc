#include "vecdb/schema.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

TEST(SchemaTest, AcceptsOneFieldOfEveryType) { EXPECT_OK(EveryTypeSchema().Validate()); }

TEST(SchemaTest, AcceptsEveryLimitItself) {
  Schema schema = DocsSchema();
  schema.description = std::string(kMaxDescriptionBytes, 'd');
  schema.fields[0].auto_id = true;
  schema.fields[1].max_length = kMaxVarCharBytes;
  schema.fields[1].description = std::string(kMaxDescriptionBytes, 'd');
  schema.fields[2].dim = kMaxDim;
  for (size_t i = 1; i < kMaxVectorFields; ++i) {
    schema.fields.push_back(
        {.name = "v" + std::to_string(i), .type = DataType::kFloatVector, .dim = 1});
  }
  while (schema.fields.size() < kMaxFields) {
    schema.fields.push_back(
        {.name = "f" + std::to_string(schema.fields.size()), .type = DataType::kBool});
  }
  EXPECT_OK(schema.Validate());
}

TEST(SchemaTest, AcceptsAVarCharKey) {
  Schema schema = DocsSchema();
  schema.fields[0] = {
      .name = "id", .type = DataType::kVarChar, .primary_key = true, .max_length = 1};
  EXPECT_OK(schema.Validate());
}

struct BadSchema {
  std::function<void(Schema&)> spoil;
  std::vector<std::string> parts;
};

void ExpectRefused(const std::vector<BadSchema>& cases) {
  for (const BadSchema& c : cases) {
    Schema schema = DocsSchema();
    c.spoil(schema);
    const absl::Status status = schema.Validate();
    for (const std::string& part : c.parts) EXPECT_TRUE(IsInvalid(status, {part}));
  }
}

TEST(SchemaTest, RefusesMembersOutOfRange) {
  ExpectRefused({
      {[](Schema& s) { s.fields[1].max_length = 0; }, {"\"title\"", "max_length 0", "1 to 65535"}},
      {[](Schema& s) { s.fields[1].max_length = -1; }, {"max_length -1"}},
      {[](Schema& s) { s.fields[1].max_length = 65536; }, {"max_length 65536", "1 to 65535"}},
      {[](Schema& s) { s.fields[2].dim = 0; }, {"\"embedding\"", "dim 0", "1 to 32768"}},
      {[](Schema& s) { s.fields[2].dim = -5; }, {"dim -5"}},
      {[](Schema& s) { s.fields[2].dim = 32769; }, {"dim 32769", "1 to 32768"}},
      {[](Schema& s) { s.description = std::string(65536, 'd'); },
       {"the schema", "65536", "65535"}},
      {[](Schema& s) { s.fields[1].description = std::string(65536, 'd'); },
       {"\"title\"", "65535"}},
      {[](Schema& s) { s.description = "\xFF"; }, {"the schema", "UTF-8"}},
      {[](Schema& s) { s.fields[1].description = "\xFF"; }, {"\"title\"", "UTF-8"}},
  });
}

TEST(SchemaTest, RefusesMembersThatBelongToAnotherType) {
  ExpectRefused({
      {[](Schema& s) { s.fields[1].dim = 4; }, {"\"title\"", "VarChar", "dim 4", "FloatVector"}},
      {[](Schema& s) { s.fields[0].max_length = 4; }, {"\"id\"", "Int64", "max_length 4"}},
      {[](Schema& s) { s.fields[2].max_length = 4; }, {"\"embedding\"", "max_length 4"}},
  });
}

TEST(SchemaTest, RefusesBadPrimaryKeys) {
  ExpectRefused({
      {[](Schema& s) { s.fields[0].primary_key = false; }, {"no field is the primary key"}},
      {[](Schema& s) { s.fields[1].primary_key = true; }, {"\"id\"", "\"title\"", "exactly one"}},
      {[](Schema& s) { s.fields[0].type = DataType::kInt32; },
       {"\"id\"", "Int32", "Int64 or VarChar"}},
      {[](Schema& s) { s.fields[1].auto_id = true; }, {"\"title\"", "auto_id"}},
      {[](Schema& s) {
         s.fields[0] = {.name = "id",
                        .type = DataType::kVarChar,
                        .primary_key = true,
                        .auto_id = true,
                        .max_length = 9};
       },
       {"\"id\"", "auto_id", "Int64"}},
  });
}

TEST(SchemaTest, RefusesWrongNumbersOfFields) {
  ExpectRefused({
      {[](Schema& s) { s.fields.clear(); }, {"primary key"}},
      {[](Schema& s) { s.fields.pop_back(); }, {"0 vector fields", "1 to 10"}},
      {[](Schema& s) {
         for (int i = 0; i < 10; ++i) {
           s.fields.push_back(
               {.name = "v" + std::to_string(i), .type = DataType::kFloatVector, .dim = 2});
         }
       },
       {"11 vector fields", "1 to 10"}},
      {[](Schema& s) {
         while (s.fields.size() < 65) {
           s.fields.push_back(
               {.name = "f" + std::to_string(s.fields.size()), .type = DataType::kBool});
         }
       },
       {"65 fields", "limit is 64"}},
  });
}

TEST(SchemaTest, RefusesBadAndRepeatedNames) {
  ExpectRefused({
      {[](Schema& s) { s.fields[1].name = ""; }, {"field name", "empty"}},
      {[](Schema& s) { s.fields[1].name = "$meta"; }, {"\"$meta\"", "reserved"}},
      {[](Schema& s) { s.fields[1].name = "../x"; }, {"\"../x\""}},
      {[](Schema& s) { s.fields[1].name = "id"; }, {"two fields are named \"id\""}},
  });
}

TEST(SchemaTest, RefusesReservedAndUnknownTypes) {
  for (const DataType type :
       {DataType::kNone, DataType::kString, DataType::kArray, DataType::kGeometry, DataType::kText,
        DataType::kTimestamptz, DataType::kBinaryVector, DataType::kFloat16Vector,
        DataType::kBFloat16Vector, DataType::kSparseFloatVector, DataType::kInt8Vector,
        static_cast<DataType>(999)}) {
    Schema schema = DocsSchema();
    schema.fields[1] = {.name = "other", .type = type};
    EXPECT_TRUE(IsInvalid(schema.Validate(), {"\"other\"", DataTypeName(type), "not supported"}));
  }
}

TEST(SchemaTest, TypesHaveTheNumbersAndNamesOfMilvus) {
  const struct {
    int number;
    const char* name;
  } cases[] = {{0, "None"},
               {1, "Bool"},
               {2, "Int8"},
               {3, "Int16"},
               {4, "Int32"},
               {5, "Int64"},
               {10, "Float"},
               {11, "Double"},
               {20, "String"},
               {21, "VarChar"},
               {22, "Array"},
               {23, "Json"},
               {24, "Geometry"},
               {25, "Text"},
               {26, "Timestamptz"},
               {100, "BinaryVector"},
               {101, "FloatVector"},
               {102, "Float16Vector"},
               {103, "BFloat16Vector"},
               {104, "SparseFloatVector"},
               {105, "Int8Vector"},
               {27, "DataType(27)"},
               {-1, "DataType(-1)"}};
  for (const auto& c : cases) EXPECT_EQ(DataTypeName(static_cast<DataType>(c.number)), c.name);
}

TEST(SchemaTest, FindsFieldsByName) {
  const Schema schema = DocsSchema();
  EXPECT_EQ(schema.FindField("id"), 0u);
  EXPECT_EQ(schema.FindField("embedding"), 2u);
  EXPECT_EQ(schema.FindField("ID"), std::nullopt);
  EXPECT_EQ(schema.FindField(""), std::nullopt);
  EXPECT_EQ(schema.FindField(kDynamicFieldName), std::nullopt);
}

TEST(SchemaTest, FindsThePrimaryKeyWhereverItIs) {
  Schema schema = DocsSchema();
  EXPECT_EQ(schema.primary_key_index(), 0u);
  std::swap(schema.fields[0], schema.fields[2]);
  EXPECT_EQ(schema.primary_key_index(), 2u);
}

}  // namespace
}  // namespace vecdb::schema
