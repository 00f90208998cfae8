#include "schema/json_copier.h"

#include <gtest/gtest.h>

#include <string>

namespace vecdb::schema {
namespace {

TEST(JsonCopierTest, WritesScalarsAlone) {
  std::string text;
  JsonCopier(&text).Token("1.50");
  EXPECT_EQ(text, "1.50");
  text.clear();
  JsonCopier(&text).String("a\n");
  EXPECT_EQ(text, "\"a\\n\"");
}

TEST(JsonCopierTest, PutsCommasBetweenItemsAtEveryDepth) {
  std::string text;
  JsonCopier copier(&text);
  copier.Open('[');
  copier.Token("1");
  copier.Open('{');
  copier.Key("a");
  copier.Open('[');
  copier.Close(']');
  copier.Key("b");
  copier.Token("null");
  copier.Close('}');
  copier.Open('[');
  copier.Close(']');
  EXPECT_EQ(copier.depth(), 1);
  copier.Token("2");
  copier.Close(']');
  EXPECT_EQ(text, R"([1,{"a":[],"b":null},[],2])");
  EXPECT_EQ(copier.depth(), 0);
}

TEST(JsonCopierTest, AppendsToWhatIsThere) {
  std::string text = "x";
  JsonCopier copier(&text);
  copier.Token("1");
  copier.Token("2");
  EXPECT_EQ(text, "x12");
}

}  // namespace
}  // namespace vecdb::schema
