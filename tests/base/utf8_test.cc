#include "base/utf8.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace vecdb::base {
namespace {

using std::string_view_literals::operator""sv;

TEST(Utf8Test, AcceptsTheFirstAndLastCharacterOfEachLength) {
  for (const std::string_view text :
       {""sv, "\0"sv, "\x7F"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xEF\xBF\xBF"sv,
        "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_TRUE(IsValidUtf8(text)) << ::testing::PrintToString(text);
  }
}

TEST(Utf8Test, AcceptsTheNeighboursOfTheSurrogates) {
  EXPECT_TRUE(IsValidUtf8("\xED\x9F\xBF"));
  EXPECT_TRUE(IsValidUtf8("\xEE\x80\x80"));
}

TEST(Utf8Test, RefusesWhatIsNoCharacter) {
  const std::string_view cases[] = {
      "\x80"sv,              // a continuation alone
      "\xC0\xAF"sv,          // overlong
      "\xC1\xBF"sv,          // overlong
      "\xE0\x9F\xBF"sv,      // overlong
      "\xF0\x8F\xBF\xBF"sv,  // overlong
      "\xED\xA0\x80"sv,      // the first surrogate
      "\xED\xBF\xBF"sv,      // the last surrogate
      "\xF4\x90\x80\x80"sv,  // above U+10FFFF
      "\xF5\x80\x80\x80"sv,  // no first byte
      "\xFF"sv,              // no first byte
      "\xC2"sv,              // cut off
      "\xE2\x82"sv,          // cut off
      "\xF0\x9F\x98"sv,      // cut off
      "\xC2\x41"sv,          // not continued
      "\xE2\x41\x80"sv,      // not continued
      "\xE2\x82\x41"sv,      // not continued
      "\xF0\x9F\x98\xC0"sv,  // not continued
  };
  for (const std::string_view text : cases) {
    EXPECT_FALSE(IsValidUtf8(text)) << ::testing::PrintToString(text);
  }
}

TEST(Utf8Test, FindsABadByteAtEveryPlaceInALongText) {
  for (size_t at = 0; at < 40; ++at) {
    std::string text(40, 'a');
    EXPECT_TRUE(IsValidUtf8(text));
    text[at] = '\xFF';
    EXPECT_FALSE(IsValidUtf8(text)) << at;
    text.replace(at, 1, "\xC3\xA9");
    EXPECT_TRUE(IsValidUtf8(text)) << at;
  }
}

TEST(Utf8Test, EveryCodePointIsAppendedAsValidUtf8InOrder) {
  std::string last;
  for (uint32_t point = 0; point <= 0x10ffff; ++point) {
    if (point == 0xd800) point = 0xe000;  // surrogates
    std::string character;
    AppendUtf8(point, &character);
    ASSERT_TRUE(IsValidUtf8(character)) << point;
    ASSERT_TRUE(point == 0 || last < character) << point;
    last = character;
  }
  EXPECT_EQ(last, "\xf4\x8f\xbf\xbf");
}

}  // namespace
}  // namespace vecdb::base
