#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "schema/row_check.h"
#include "schema/schema_testing.h"
#include "vecdb/row_batch.h"

namespace vecdb::schema {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kRow = R"({"id":1,"title":"a","embedding":[0.5,-2]})";

TEST(RowJsonTest, ReadsAnArrayOfObjects) {
  const auto batch = RowBatch::FromJson(DocsSchema(), R"([{"id":1,"title":"a","embedding":[0.5,-2]},
                        {"embedding":[3e2,4],"title":"b","id":-9}])");
  ASSERT_OK(batch);
  EXPECT_OK(ValidateRows(DocsSchema(), *batch));
  EXPECT_EQ(batch->num_rows(), 2u);
  EXPECT_EQ(batch->column("id")->int64s()[1], -9);
  EXPECT_EQ(batch->column("title")->string(1), "b");
  EXPECT_EQ(batch->column("embedding")->vector(0)[1], -2.0F);
  EXPECT_EQ(batch->column("embedding")->vector(1)[0], 300.0F);
}

TEST(RowJsonTest, ReadsRowsInAWrapper) {
  const auto batch = RowBatch::FromJson(DocsSchema(), "{\"rows\":[" + std::string(kRow) + "]}");
  ASSERT_OK(batch);
  EXPECT_EQ(batch->num_rows(), 1u);
}

TEST(RowJsonTest, RefusesASchemaThatIsNotValid) {
  EXPECT_TRUE(IsInvalid(RowBatch::FromJson(Schema(), "[]"), {"primary key"}));
}

TEST(RowJsonTest, RefusesTextThatIsNotJson) {
  for (const std::string_view text : {""sv, "["sv, "[{]"sv, "[] []"sv, "[{\"id\":01}]"sv}) {
    EXPECT_TRUE(IsInvalid(RowBatch::FromJson(DocsSchema(), text), {"invalid JSON"})) << text;
  }
}

TEST(RowJsonTest, RefusesTextThatIsNotUtf8) {
  EXPECT_TRUE(IsInvalid(RowBatch::FromJson(DocsSchema(), "[{\"title\":\"\xFF\"}]"),
                        {"row 0", "\"title\"", "UTF-8 at byte 12"}));
  EXPECT_TRUE(IsInvalid(RowBatch::FromJson(DocsSchema(), R"([{"title":"\ud800"}])"), {"UTF-8"}));
}

TEST(RowJsonTest, RefusesANulByteAndAByteOrderMark) {
  EXPECT_TRUE(IsInvalid(RowBatch::FromJson(DocsSchema(), "[]\0"sv), {"NUL"}));
  EXPECT_TRUE(IsInvalid(RowBatch::FromJson(DocsSchema(), "\xEF\xBB\xBF[]"), {"byte order"}));
}

TEST(RowJsonTest, RefusesANumberBeyondDouble) {
  EXPECT_TRUE(IsInvalid(RowBatch::FromJson(DocsSchema(), R"([{"embedding":[1e400,0]}])"),
                        {"row 0", "\"embedding\"", "out of the range of Double"}));
}

TEST(RowJsonTest, RefusesMoreThan64MiB) {
  // Refused for its size before any byte is read, so none needs to be written.
  const auto bytes = std::make_unique_for_overwrite<char[]>(kMaxBatchBytes + 1);
  const std::string_view text(bytes.get(), kMaxBatchBytes + 1);
  EXPECT_TRUE(IsInvalid(RowBatch::FromJson(DocsSchema(), text), {"67108865", "67108864"}));
}

TEST(RowJsonTest, RefusesAMillionOpenBrackets) {
  Schema schema = DocsSchema();
  schema.enable_dynamic_field = true;
  const std::string brackets(1'000'000, '[');
  EXPECT_TRUE(IsInvalid(RowBatch::FromJson(schema, brackets), {"JSON array of objects"}));
  EXPECT_TRUE(IsInvalid(RowBatch::FromJson(schema, "[{\"a\":" + brackets), {"nested deeper"}));
}

TEST(RowJsonTest, AcceptsAValueAsDeepAsAJsonFieldMayBe) {
  Schema schema = DocsSchema();
  schema.fields[1] = {.name = "title", .type = DataType::kJson};
  const auto read = [&](size_t depth) {
    return RowBatch::FromJson(schema, R"({"rows":[{"id":1,"embedding":[1,2],"title":)" +
                                          std::string(depth, '[') + std::string(depth, ']') +
                                          "}]}");
  };
  const auto deepest = read(32);
  ASSERT_OK(deepest);
  EXPECT_OK(ValidateRows(schema, *deepest));
  EXPECT_TRUE(IsInvalid(read(33), {"deeper than the limit of 32"}));
}

TEST(RowJsonTest, ReadsBackWhatToJsonWrites) {
  const std::string text =
      R"([{"int64":-9223372036854775808,"bool":true,"int8":-128,"int16":32767,"int32":-2147483648,)"
      R"("float":0.1,"double":-5e-324,"varchar":"a\"\u0000\n","json":{"k":[1,2.50,null]},)"
      R"("vector":[1e-45,-0.0],"colour":"red","nested":{"a":[{}]}},)"
      R"({"int64":1,"bool":false,"int8":127,"int16":0,"int32":0,"float":-0.0,)"
      R"("double":1.7976931348623157e+308,"varchar":"","json":"x","vector":[3.4028235e+38,16777216]}])";
  const auto batch = RowBatch::FromJson(EveryTypeSchema(), text);
  ASSERT_OK(batch);
  EXPECT_OK(ValidateRows(EveryTypeSchema(), *batch));
  EXPECT_EQ(batch->ToJson(), text);
  const auto again = RowBatch::FromJson(EveryTypeSchema(), batch->ToJson());
  ASSERT_OK(again);
  EXPECT_EQ(again->ToJson(), text);
}

}  // namespace
}  // namespace vecdb::schema
