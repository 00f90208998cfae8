#include "filter/error.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace vecdb::filter {
namespace {

std::string Message(std::string_view text, size_t position) {
  const absl::Status status = ErrorAt(text, position, "wrong");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(FilterErrorTest, CaretStandsBelowThePlace) {
  EXPECT_EQ(Message("abc", 0), "filter, line 1, column 1: wrong\n  abc\n  ^");
  EXPECT_EQ(Message("abc", 2), "filter, line 1, column 3: wrong\n  abc\n    ^");
  EXPECT_EQ(Message("abc", 3), "filter, line 1, column 4: wrong\n  abc\n     ^");
  EXPECT_EQ(Message("abc", 99), "filter, line 1, column 4: wrong\n  abc\n     ^");
  EXPECT_EQ(Message("", 0), "filter, line 1, column 1: wrong\n  \n  ^");
}

TEST(FilterErrorTest, LineOfSeveralIsShown) {
  EXPECT_EQ(Message("ab\ncd\nef", 4), "filter, line 2, column 2: wrong\n  cd\n   ^");
  EXPECT_EQ(Message("ab\ncd\nef", 2), "filter, line 1, column 3: wrong\n  ab\n    ^");
  EXPECT_EQ(Message("ab\n\nef", 3), "filter, line 2, column 1: wrong\n  \n  ^");
}

TEST(FilterErrorTest, CharactersCountNotBytes) {
  EXPECT_EQ(Message("\u65e5\u672cx", 6), "filter, line 1, column 3: wrong\n  \u65e5\u672cx\n    ^");
  EXPECT_EQ(Message("\u65e5\u672cx", 4), "filter, line 1, column 2: wrong\n  \u65e5\u672cx\n   ^");
}

TEST(FilterErrorTest, OfALongLineTheNeighbourhoodIsShown) {
  const std::string a(40, 'a');
  const std::string b(39, 'b');
  const std::string text = absl::StrCat(a, a, "!", b, b);
  EXPECT_EQ(Message(text, 80), absl::StrCat("filter, line 1, column 81: wrong\n  ...", a, "!", b,
                                            "...\n  ", std::string(43, ' '), "^"));
  EXPECT_EQ(Message(text, 40).find("..."), Message(text, 40).rfind("..."));
}

TEST(FilterErrorTest, ControlCharactersAreShownAsSpace) {
  EXPECT_EQ(Message("a\tb\x7f", 1), "filter, line 1, column 2: wrong\n  a b \n   ^");
}

TEST(FilterErrorTest, LongReasonsAreCut) {
  const absl::Status status = ErrorAt("a", 0, std::string(1 << 20, 'x'));
  EXPECT_EQ(status.message(),
            absl::StrCat("filter, line 1, column 1: ", std::string(400, 'x'), "...\n  a\n  ^"));
}

TEST(FilterErrorTest, TheFirstByteThatIsNoUtf8IsPointedAt) {
  const auto message = [](std::string_view text) { return std::string(CheckUtf8(text).message()); };
  EXPECT_TRUE(CheckUtf8("").ok());
  EXPECT_TRUE(CheckUtf8("a\u65e5\U0001f600").ok());
  const std::string what = "a byte that is not valid UTF-8";
  EXPECT_EQ(message("\xff"), absl::StrCat("filter, line 1, column 1: ", what, "\n  ?\n  ^"));
  // The second half of a character, half a one, and half of a surrogate pair.
  EXPECT_EQ(message("ab\x80"), absl::StrCat("filter, line 1, column 3: ", what, "\n  ab?\n    ^"));
  EXPECT_EQ(message("\u65e5\xc3 \xe6\x97 \u65e5"),
            absl::StrCat("filter, line 1, column 2: ", what, "\n  \u65e5? ?? \u65e5\n   ^"));
  EXPECT_EQ(message("a\n\xed\xa0\x80"),
            absl::StrCat("filter, line 2, column 1: ", what, "\n  ???\n  ^"));
}

}  // namespace
}  // namespace vecdb::filter
