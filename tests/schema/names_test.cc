#include "schema/names.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

using std::string_view_literals::operator""sv;

TEST(NamesTest, AcceptsLettersDigitsAndUnderscores) {
  for (const char* name : {"a", "Z", "_", "_1", "docs_2024", "RowID"}) {
    EXPECT_OK(ValidateName("field name", name)) << name;
  }
}

TEST(NamesTest, AcceptsTheLongestNameAndNoLonger) {
  EXPECT_OK(ValidateName("field name", std::string(255, 'a')));
  EXPECT_TRUE(IsInvalid(ValidateName("field name", std::string(256, 'a')),
                        {"field name", "256 bytes", "limit is 255"}));
}

TEST(NamesTest, RefusesOtherNamesAndSaysWhy) {
  const struct {
    std::string_view name;
    std::string_view reason;
  } cases[] = {
      {"", "is empty"},
      {"$meta", "reserved"},
      {"1a", "must begin with a letter"},
      {".", "must begin with a letter"},
      {"../x", "must begin with a letter"},
      {"\xC3\xA9t\xC3\xA9", "must begin with a letter"},
      {"a-b", "byte 1"},
      {"a/b", "byte 1"},
      {"ab ", "byte 2"},
      {"a\0b"sv, "byte 1"},
      {"caf\xC3\xA9", "byte 3"},
  };
  for (const auto& c : cases) {
    EXPECT_TRUE(IsInvalid(ValidateName("collection name", c.name), {"collection name", c.reason}));
  }
}

TEST(NamesTest, RefusesWordsOfTheFilterLanguageForFieldsOnly) {
  for (const std::string_view word : kFilterWords) {
    EXPECT_TRUE(IsInvalid(ValidateFieldName(word),
                          {"field name", Quoted(word), "a word of the filter language"}));
    EXPECT_OK(ValidateName("collection name", word));
  }
  for (const char* name : {"In", "oR", "inn", "tRUE", "json_contains", "null", "title"}) {
    EXPECT_OK(ValidateFieldName(name)) << name;
  }
  EXPECT_TRUE(IsInvalid(ValidateFieldName("1a"), {"field name", "must begin with a letter"}));
  Schema schema{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                           {.name = "v", .type = DataType::kFloatVector, .dim = 2},
                           {.name = "like", .type = DataType::kBool}}};
  EXPECT_TRUE(IsInvalid(schema.Validate(), {"field name", "\"like\"", "filter language"}));
  schema.fields[2].name = "likes";
  EXPECT_OK(schema.Validate());
}

TEST(NamesTest, QuotesShortTextAsItIs) {
  EXPECT_EQ(Quoted("title"), "\"title\"");
  EXPECT_EQ(Quoted(""), "\"\"");
}

TEST(NamesTest, QuotesOnly64BytesOfALongText) {
  EXPECT_EQ(Quoted(std::string(64, 'a')), '"' + std::string(64, 'a') + '"');
  EXPECT_EQ(Quoted(std::string(65, 'a')), '"' + std::string(64, 'a') + "...\"");
}

TEST(NamesTest, QuotesControlCharactersAsEscapes) {
  EXPECT_EQ(Quoted("a\nb\x1b\""), "\"a\\nb\\x1b\\\"\"");
}

}  // namespace
}  // namespace vecdb::schema
