#include "schema/schema_json.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

using std::string_view_literals::operator""sv;

using absl::StatusCode::kDataLoss;

constexpr std::string_view kDocs =
    R"({"fields":[{"id":100,"name":"id","type":5,"primary_key":true},)"
    R"({"id":101,"name":"title","type":21,"max_length":8},)"
    R"({"id":102,"name":"embedding","type":101,"dim":2}]})";

std::string Replaced(std::string_view from, std::string_view to) {
  std::string text(kDocs);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(SchemaJsonTest, WritesIdsAndTypeNumbers) { EXPECT_EQ(SchemaToJson(DocsSchema()), kDocs); }

TEST(SchemaJsonTest, WritesEveryMember) {
  Schema schema = DocsSchema();
  schema.description = "a \"d\"";
  schema.enable_dynamic_field = true;
  schema.fields[0].auto_id = true;
  schema.fields[2].description = "\xC3\xA9";
  EXPECT_EQ(SchemaToJson(schema),
            R"({"description":"a \"d\"","enable_dynamic_field":true,)"
            R"("fields":[{"id":100,"name":"id","type":5,"primary_key":true,"auto_id":true},)"
            R"({"id":101,"name":"title","type":21,"max_length":8},)"
            R"({"id":102,"name":"embedding","type":101,"dim":2,"description":")"
            "\xC3\xA9\"}]}");
}

TEST(SchemaJsonTest, ReadsBackWhatItWrites) {
  Schema schema = EveryTypeSchema();
  schema.description = std::string("line\nNUL:\0", 10);
  schema.fields[0].auto_id = true;
  schema.fields[3].description = "third";
  const auto read = SchemaFromJson(SchemaToJson(schema));
  ASSERT_OK(read);
  EXPECT_EQ(*read, schema);
}

TEST(SchemaJsonTest, ReadsMembersInAnyOrderAndWithWhiteSpace) {
  const auto read = SchemaFromJson(Replaced(R"("id":101,"name":"title","type":21,)",
                                            R"( "type" : 21 , "name":"title", "id":101, )"));
  ASSERT_OK(read);
  EXPECT_EQ(*read, DocsSchema());
}

TEST(SchemaJsonTest, AnythingElseIsDataLoss) {
  const struct {
    std::string text;
    std::string_view part;
  } cases[] = {
      {"", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"{}", "primary key"},
      {std::string(kDocs.substr(0, 40)), "not a JSON object"},
      {std::string(kDocs).append("x"), "not a JSON object"},
      {std::string(kDocs).append(1, '\0'), "invalid JSON"},
      {std::string(1'000'000, '['), "invalid JSON"},
      {R"({"fields":{}})", "\"fields\""},
      {R"({"fields":[1]})", "not an object"},
      {R"({"description":1})", "\"description\""},
      {R"({"enable_dynamic_field":1})", "\"enable_dynamic_field\""},
      {R"({"shards":1})", "\"shards\" is unknown"},
      {Replaced("\"id\":101", "\"id\":102"), "id 102 instead of 101"},
      {Replaced("\"id\":101,", ""), "id 0 instead of 101"},
      {Replaced("\"id\":101", "\"id\":-101"), "\"id\""},
      {Replaced("\"id\":101", "\"id\":101.0"), "\"id\""},
      {Replaced("\"type\":21", "\"type\":22"), "Array"},
      {Replaced("\"type\":21", "\"type\":999"), "DataType(999)"},
      {Replaced("\"type\":21", "\"type\":2147483648"), "\"type\""},
      {Replaced("\"type\":21", "\"type\":\"VarChar\""), "\"type\""},
      {Replaced("\"type\":21,", ""), "None"},
      {Replaced("\"name\":\"title\"", "\"name\":7"), "\"name\""},
      {Replaced("\"name\":\"title\"", "\"name\":\"../x\""), "../x"},
      {Replaced("\"name\":\"title\"", "\"name\":\"id\""), "two fields"},
      {Replaced("\"max_length\":8", "\"max_length\":70000"), "65535"},
      {Replaced("\"max_length\":8", "\"max_length\":true"), "\"max_length\""},
      {Replaced("\"dim\":2", "\"dim\":2147483648"), "\"dim\""},
      {Replaced("\"dim\":2", "\"dim\":2,\"nullable\":true"), "\"nullable\" is unknown"},
      {Replaced("\"primary_key\":true", "\"primary_key\":1"), "\"primary_key\""},
      {Replaced("\"primary_key\":true", "\"auto_id\":true"), "auto_id"},
      {Replaced("\"primary_key\":true", "\"auto_id\":\"\""), "\"auto_id\""},
      {Replaced("\"dim\":2", "\"dim\":2,\"description\":[]"), "\"description\""},
  };
  for (const auto& c : cases) {
    EXPECT_TRUE(IsError(SchemaFromJson(c.text), kDataLoss, {"schema: ", c.part}));
  }
}

TEST(SchemaJsonTest, EveryCutOffTextIsDataLoss) {
  for (size_t size = 0; size < kDocs.size(); ++size) {
    EXPECT_TRUE(IsError(SchemaFromJson(kDocs.substr(0, size)), kDataLoss, {})) << size;
  }
}

}  // namespace
}  // namespace vecdb::schema
