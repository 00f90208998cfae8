#include "base/str_format.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace vecdb::base {
namespace {

TEST(StrFormatTest, FormatsAsAbslDoes) {
  EXPECT_EQ(StrFormat("no arguments"), "no arguments");
  EXPECT_EQ(StrFormat("%d of %s, %.2f", 7, std::string_view("many"), 0.5), "7 of many, 0.50");
  EXPECT_EQ(StrFormat("%s", ""), "");
  EXPECT_EQ(StrFormat("a%cb", '\0'), std::string("a\0b", 3));
}

TEST(StrFormatTest, EveryLengthAroundTheBuffer) {
  for (const size_t size : {510u, 511u, 512u, 513u, 100'000u}) {
    const std::string text(size, 'x');
    EXPECT_EQ(StrFormat("%s", text), text) << size;
    EXPECT_EQ(StrFormat("%s%d", text, 1), text + "1") << size;
  }
}

TEST(StrFormatTest, AppendsBehindWhatIsThere) {
  std::string text = "a";
  StrAppendFormat(&text, "%d", 1);
  StrAppendFormat(&text, "%s", std::string(600, 'b'));
  EXPECT_EQ(text, "a1" + std::string(600, 'b'));
}

}  // namespace
}  // namespace vecdb::base
