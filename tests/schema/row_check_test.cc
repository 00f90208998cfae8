#include "schema/row_check.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

RowBatch GoodDocs() {
  RowBatch batch(DocsSchema());
  batch.SetInt64("id", std::array<int64_t, 2>{1, 2})
      .SetVarChar("title", std::array<std::string, 2>{"a", "b"})
      .SetFloatVectors("embedding", std::vector<float>{1, 2, 3, 4});
  return batch;
}

// Two rows of EveryTypeSchema().
RowBatch GoodRows() {
  RowBatch batch(EveryTypeSchema());
  batch.SetBool("bool", std::array<bool, 2>{true, false})
      .SetInt8("int8", std::array<int8_t, 2>{})
      .SetInt16("int16", std::array<int16_t, 2>{})
      .SetInt32("int32", std::array<int32_t, 2>{})
      .SetInt64("int64", std::array<int64_t, 2>{1, 2})
      .SetFloat("float", std::array<float, 2>{})
      .SetDouble("double", std::array<double, 2>{})
      .SetVarChar("varchar", std::array<std::string, 2>{"", ""})
      .SetJson("json", std::array<std::string, 2>{"1", "{}"})
      .SetFloatVectors("vector", std::vector<float>(4));
  return batch;
}

TEST(RowCheckTest, AcceptsRowsThatFit) {
  EXPECT_OK(ValidateRows(DocsSchema(), GoodDocs()));
  EXPECT_OK(ValidateRows(EveryTypeSchema(), GoodRows()));
}

TEST(RowCheckTest, AcceptsDynamicValues) {
  RowBatch batch = GoodRows();
  batch.SetJson("$meta", std::array<std::string, 2>{"{}", R"({"colour":"red"})"});
  EXPECT_OK(ValidateRows(EveryTypeSchema(), batch));
}

TEST(RowCheckTest, ReturnsTheMistakeOfASetter) {
  RowBatch batch = GoodDocs();
  batch.SetInt64("nothing", {});
  EXPECT_TRUE(IsInvalid(ValidateRows(DocsSchema(), batch), {"\"nothing\""}));
}

TEST(RowCheckTest, RefusesABatchOfAnotherSchema) {
  const std::function<void(Schema&)> changes[] = {
      [](Schema& s) { s.fields[1].name = "name"; },
      [](Schema& s) { s.fields[1].max_length = 9; },
      [](Schema& s) { s.fields[2].dim = 3; },
      [](Schema& s) { s.fields[0].auto_id = true; },
      [](Schema& s) { s.fields[1].type = DataType::kJson; },
      [](Schema& s) { s.fields[0].primary_key = false; },
      [](Schema& s) { std::swap(s.fields[0], s.fields[1]); },
      [](Schema& s) { s.enable_dynamic_field = true; }};
  for (const auto& change : changes) {
    Schema schema = DocsSchema();
    change(schema);
    EXPECT_TRUE(IsInvalid(ValidateRows(schema, GoodDocs()), {"another schema"}));
  }
  Schema shorter = DocsSchema();
  shorter.fields.pop_back();
  EXPECT_TRUE(IsInvalid(ValidateRows(shorter, GoodDocs()), {"3 fields", "has 2"}));
}

TEST(RowCheckTest, DescriptionsMayDiffer) {
  Schema schema = DocsSchema();
  schema.description = "docs";
  schema.fields[1].description = "as shown";
  EXPECT_OK(ValidateRows(schema, GoodDocs()));
}

TEST(RowCheckTest, RefusesAMissingColumn) {
  RowBatch batch(DocsSchema());
  batch.SetInt64("id", std::array<int64_t, 1>{1})
      .SetFloatVectors("embedding", std::vector<float>{1, 2});
  EXPECT_TRUE(IsInvalid(ValidateRows(DocsSchema(), batch), {"\"title\"", "missing"}));
}

TEST(RowCheckTest, AnAutoIdKeyIsAbsentUntilItHasBeenMade) {
  Schema schema = DocsSchema();
  schema.fields[0].auto_id = true;
  RowBatch batch(schema);
  batch.SetVarChar("title", std::array<std::string, 1>{"a"})
      .SetFloatVectors("embedding", std::vector<float>{1, 2});
  EXPECT_OK(ValidateRows(schema, batch));
  EXPECT_TRUE(
      IsInvalid(ValidateRows(schema, batch, {.auto_keys_made = true}), {"\"id\"", "missing"}));
  batch.SetInt64("id", std::array<int64_t, 1>{1});
  EXPECT_TRUE(IsInvalid(ValidateRows(schema, batch), {"\"id\"", "auto_id", "without it"}));
  EXPECT_OK(ValidateRows(schema, batch, {.auto_keys_made = true}));
}

TEST(RowCheckTest, RefusesColumnsOfDifferentLengths) {
  RowBatch batch = GoodDocs();
  batch.SetVarChar("title", std::array<std::string, 3>{"a", "b", "c"});
  EXPECT_TRUE(
      IsInvalid(ValidateRows(DocsSchema(), batch), {"\"id\" has 2 rows", "\"title\" has 3"}));
  RowBatch dynamic = GoodRows();
  dynamic.SetJson("$meta", std::array<std::string, 1>{"{}"});
  EXPECT_TRUE(IsInvalid(ValidateRows(EveryTypeSchema(), dynamic), {"2 rows", "\"$meta\" has 1"}));
}

TEST(RowCheckTest, RefusesABatchWithoutRows) {
  RowBatch batch(DocsSchema());
  batch.SetInt64("id", {})
      .SetVarChar("title", std::span<const std::string>())
      .SetFloatVectors("embedding", std::span<const float>());
  EXPECT_TRUE(IsInvalid(ValidateRows(DocsSchema(), batch), {"no rows"}));
  EXPECT_TRUE(IsInvalid(ValidateRows(Schema(), RowBatch(Schema())), {"no rows"}));
}

TEST(RowCheckTest, CountsThePayloadOfEveryType) {
  EXPECT_EQ(PayloadBytes(RowBatch(DocsSchema())), 0u);
  EXPECT_EQ(PayloadBytes(GoodDocs()), 2 * 8 + 2 + 4 * 4u);
  EXPECT_EQ(PayloadBytes(GoodRows()), 2 * (1 + 1 + 2 + 4 + 8 + 4 + 8 + 0 + 8) + 3u);
  RowBatch batch = GoodRows();
  batch.SetJson("$meta", std::array<std::string, 2>{"{}", "{\"a\":1}"});
  EXPECT_EQ(PayloadBytes(batch), PayloadBytes(GoodRows()) + 9);
}

TEST(RowCheckTest, AcceptsTheLargestBatchAndNoLarger) {
  EXPECT_OK(ValidateRows(DocsSchema(), GoodDocs(), {.max_bytes = 34}));
  EXPECT_TRUE(IsInvalid(ValidateRows(DocsSchema(), GoodDocs(), {.max_bytes = 33}),
                        {"34 bytes", "limit is 33"}));
}

TEST(RowCheckTest, TheDefaultLimitIs64MiB) {
  // Eight fields that borrow the same floats: 512 KiB a row, and 8 bytes for the key.
  Schema schema{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true}}};
  for (int i = 0; i < 8; ++i) {
    schema.fields.push_back(
        {.name = "v" + std::to_string(i), .type = DataType::kFloatVector, .dim = 16384});
  }
  const auto check = [&](size_t rows) {
    const std::vector<float> floats(rows * 16384);
    RowBatch batch(schema);
    batch.SetInt64("id", std::vector<int64_t>(rows));
    for (size_t i = 1; i < schema.fields.size(); ++i) {
      batch.SetFloatVectors(schema.fields[i].name, floats);
    }
    return ValidateRows(schema, batch);
  };
  EXPECT_OK(check(127));
  EXPECT_TRUE(IsInvalid(check(128), {"67109888 bytes", "limit is 67108864"}));
}

struct BadValue {
  std::function<void(RowBatch&)> spoil;
  std::initializer_list<std::string_view> parts;
};

TEST(RowCheckTest, RefusesValuesOutOfTheirLimits) {
  const BadValue cases[] = {
      {[](RowBatch& b) {
         b.SetColumn("bool", Column(DataType::kBool, 0, std::vector<uint8_t>{1, 2}));
       },
       {"row 1", "\"bool\"", "2"}},
      {[](RowBatch& b) {
         b.SetFloat("float", std::array<float, 2>{0, kNan});
       },
       {"row 1", "\"float\"", "NaN"}},
      {[](RowBatch& b) {
         b.SetDouble("double", std::array<double, 2>{-HUGE_VAL, 0});
       },
       {"row 0", "\"double\"", "Inf"}},
      {[](RowBatch& b) {
         b.SetVarChar("varchar", std::array<std::string, 2>{"12345678", "123456789"});
       },
       {"row 1", "\"varchar\"", "9 bytes", "max_length is 8"}},
      {[](RowBatch& b) {
         b.SetVarChar("varchar", std::array<std::string, 2>{"\xC3", ""});
       },
       {"row 0", "\"varchar\"", "UTF-8"}},
      {[](RowBatch& b) {
         b.SetJson("json", std::array<std::string, 2>{"1", "{"});
       },
       {"row 1", "\"json\"", "invalid JSON"}},
      {[](RowBatch& b) {
         b.SetJson("json", std::array<std::string, 2>{"1", std::string(65537, ' ')});
       },
       {"row 1", "\"json\"", "65537", "65536"}},
      {[](RowBatch& b) {
         b.SetJson("json", std::array<std::string, 2>{std::string(33, '['), "1"});
       },
       {"row 0", "\"json\"", "deeper"}},
      {[](RowBatch& b) {
         b.SetJson("$meta", std::array<std::string, 2>{"{}", "[]"});
       },
       {"row 1", "\"$meta\"", "not a JSON object"}},
      {[](RowBatch& b) {
         b.SetJson("$meta", std::array<std::string, 2>{"{}", "{\"bool\":1}"});
       },
       {"row 1", "\"$meta\"", "\"bool\""}},
      {[](RowBatch& b) {
         b.SetFloatVectors("vector", std::vector<float>{0, 0, 0, kNan});
       },
       {"row 1", "\"vector\"", "number 1", "NaN"}},
      {[](RowBatch& b) {
         b.SetFloatVectors("vector", std::vector<float>{-kInf, 0, 0, kNan});
       },
       {"row 0", "\"vector\"", "number 0", "Inf"}},
  };
  for (const BadValue& c : cases) {
    RowBatch batch = GoodRows();
    c.spoil(batch);
    ASSERT_OK(batch.status());
    EXPECT_TRUE(IsInvalid(ValidateRows(EveryTypeSchema(), batch), c.parts));
  }
}

TEST(RowCheckTest, AcceptsAVarCharOfMaxLengthBytes) {
  RowBatch batch = GoodRows();
  batch.SetVarChar("varchar",
                   std::array<std::string, 2>{"12345678", "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"});
  EXPECT_OK(ValidateRows(EveryTypeSchema(), batch));
}

TEST(RowCheckTest, MessagesDoNotShowVectors) {
  RowBatch batch = GoodDocs();
  batch.SetFloatVectors("embedding", std::vector<float>{0.125F, kNan, 0.125F, 0.125F});
  const absl::Status status = ValidateRows(DocsSchema(), batch);
  EXPECT_EQ(std::string(status.message()).find("0.125"), std::string::npos);
}

}  // namespace
}  // namespace vecdb::schema
