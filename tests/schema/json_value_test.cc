#include "schema/json_value.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

using std::string_view_literals::operator""sv;

std::string Nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonValueTest, AcceptsAnyKindOfValue) {
  for (const char* text :
       {"null", "true", "-1.5e3", "\"text\"", "[]", "{}", " { \"a\" : [1, {\"b\": null}] } "}) {
    EXPECT_OK(CheckJsonValue(text)) << text;
  }
}

TEST(JsonValueTest, RefusesWhatIsNotJson) {
  for (const std::string_view text :
       {""sv, " "sv, "nul"sv, "{"sv, "[1,]"sv, "{a:1}"sv, "'a'"sv, "01"sv, "1 2"sv, "NaN"sv,
        "\"\xFF\""sv, "1e400"sv, "// c\n1"sv}) {
    EXPECT_TRUE(IsInvalid(CheckJsonValue(text), {"invalid JSON at byte"})) << text;
  }
}

TEST(JsonValueTest, RefusesWhatTheParserWouldPassOver) {
  EXPECT_TRUE(IsInvalid(CheckJsonValue("{}\0x"sv), {"NUL"}));
  EXPECT_TRUE(IsInvalid(CheckJsonValue("\xEF\xBB\xBF{}"), {"byte order mark"}));
}

TEST(JsonValueTest, AcceptsTheLongestTextAndNoLonger) {
  EXPECT_OK(CheckJsonValue('"' + std::string(kMaxJsonBytes - 2, 'a') + '"'));
  EXPECT_TRUE(IsInvalid(CheckJsonValue('"' + std::string(kMaxJsonBytes - 1, 'a') + '"'),
                        {"65537 bytes", "limit is 65536"}));
}

TEST(JsonValueTest, AcceptsTheDeepestNestingAndNoDeeper) {
  EXPECT_OK(CheckJsonValue(Nested(32)));
  EXPECT_TRUE(IsInvalid(CheckJsonValue(Nested(33)), {"deeper", "32"}));
}

TEST(JsonValueTest, ADynamicValueIsAnObject) {
  EXPECT_OK(CheckDynamicValue(DocsSchema(), "{}"));
  EXPECT_OK(CheckDynamicValue(DocsSchema(), R"({"colour":"red","sizes":[1,[2],{}]})"));
  for (const char* text : {"[]", "1", "null", "\"a\"", "true", "1.5", "-1", "[{}]"}) {
    EXPECT_TRUE(IsInvalid(CheckDynamicValue(DocsSchema(), text), {"not a JSON object"})) << text;
  }
  EXPECT_TRUE(IsInvalid(CheckDynamicValue(DocsSchema(), "{"), {"invalid JSON"}));
}

TEST(JsonValueTest, ADynamicValueHasNoKeyThatIsAField) {
  EXPECT_TRUE(IsInvalid(CheckDynamicValue(DocsSchema(), R"({"a":1,"title":2})"), {"\"title\""}));
  EXPECT_TRUE(IsInvalid(CheckDynamicValue(DocsSchema(), R"({"titl\u0065":2})"), {"\"title\""}));
  EXPECT_TRUE(IsInvalid(CheckDynamicValue(DocsSchema(), R"({"$meta":{}})"), {"\"$meta\""}));
}

TEST(JsonValueTest, KeysDeeperDownMayBeNamedAsFields) {
  EXPECT_OK(CheckDynamicValue(DocsSchema(), R"({"a":{"title":1},"b":[{"id":2,"$meta":3}]})"));
  EXPECT_OK(CheckJsonValue(R"({"title":1})"));
}

}  // namespace
}  // namespace vecdb::schema
