#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/status_testing.h"
#include "vecdb/object_store.h"

namespace vecdb::support {
namespace {

using namespace std::string_literals;

std::string Segments(size_t count) {
  std::string text = "s";
  for (size_t i = 1; i < count; ++i) text += "/s";
  return text;
}

TEST(ObjectPathTest, NamesOfTheLibraryAreTaken) {
  for (const std::string& text :
       {"vecdb.json"s, "catalog/00000000000000000001.json"s, "collections/7/manifest/12.json"s,
        "collections/7/segments/0123456789abcdef0123456789abcdef/101-2.idx"s, "a"s, "A_b=c-d.e"s,
        "-"s, "a..b"s, "a."s, "a/b."s, "LOCK"s}) {
    const auto path = ObjectPath::Parse(text);
    ASSERT_OK(path) << text;
    EXPECT_EQ(path->str(), text);
  }
}

TEST(ObjectPathTest, LimitsAreInclusive) {
  EXPECT_OK(ObjectPath::Parse(std::string(128, 'x')));
  EXPECT_OK(ObjectPath::Parse("a/" + std::string(128, 'x')));
  EXPECT_OK(ObjectPath::Parse(Segments(8)));
  std::string longest;
  for (int i = 0; i < 4; ++i) longest.append(127, 'x').append("/");
  longest.pop_back();
  longest += 'x';
  ASSERT_EQ(longest.size(), 512u);
  EXPECT_OK(ObjectPath::Parse(longest));
}

TEST(ObjectPathTest, HostileNamesAreRefused) {
  std::string too_long;
  for (int i = 0; i < 4; ++i) too_long.append(128, 'x').append("/");
  too_long.pop_back();
  ASSERT_EQ(too_long.size(), 515u);
  const std::vector<std::string> names = {
      // Leaving the root, or staying in place.
      ".", "..", "...", "../x", "a/..", "a/../b", "a/../../b", "./a", "a/.", "a/./b", "/..", "../",
      "..\\x", "a/..\\..\\b", "a/....//b",
      // Empty segments and absolute names.
      "", "/", "//", "/a", "a/", "a//b", "//a", "a/b/", "/etc/passwd", "C:/x", "C:\\x",
      "\\\\host\\share", "file:///etc/passwd", "http://h/x", "~", "~/x", "~root/x",
      // Hidden names, also those of the local store.
      ".hidden", "a/.hidden", ".tmp", ".tmp/x", ".lock", ".git/config",
      // Encodings that somebody further down may undo.
      "%2e%2e", "%2e%2e/x", "..%2fx", "%2F", "a%00b", "..%c0%afx", "&#46;&#46;/x", "a+b",
      // Bytes that end or split a string.
      "a\0b"s, "\0"s, "a/\0"s, "a\nb", "a\r\nb", "a\tb", "\x7f", "\x1b[2J", "a b", " a", "a ",
      // Bytes above ASCII: dots and slashes of Unicode, overlong and broken UTF-8.
      "\xe2\x80\xa4\xe2\x80\xa4/x", "\xef\xbc\x8e\xef\xbc\x8e/x",
      "a\xe2\x88\x95"
      "b",
      "a\xef\xbc\x8f"
      "b",
      "\xc0\xae\xc0\xae/x", "\xff\xfe", "\xc3\xa9",
      "\xe2\x80\xae"
      "gpj.exe",
      // Signs of shells, patterns and systems.
      "a*b", "a?b", "a|b", "a;b", "a`b`", "$(x)", "$HOME", "a&b", "a<b", "a>b", "a\"b", "a'b",
      "a:b", "a,b", "a@b", "a#b", "a!b", "{a}", "[a]", "a^b", "a~",
      // Over the limits.
      std::string(129, 'x'), "a/" + std::string(129, 'x'), too_long, std::string(100000, 'x'),
      Segments(9), Segments(50000), std::string(513, '/')};
  EXPECT_GE(names.size(), 60u);
  for (const std::string& name : names) {
    EXPECT_EQ(CodeOf(ObjectPath::Parse(name)), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(ObjectPathTest, EveryByteButTheAllowedIsRefused) {
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._=-/";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = "a"s + static_cast<char>(byte) + "b";
    const bool wanted = allowed.find(static_cast<char>(byte)) != std::string::npos;
    EXPECT_EQ(ObjectPath::Parse(text).ok(), wanted) << byte;
  }
}

TEST(ObjectPathTest, JoinChecksTheWholeName) {
  const ObjectPath base = ObjectPath::Parse("a/b").value();
  EXPECT_EQ(base.Join("c")->str(), "a/b/c");
  EXPECT_EQ(base.Join("c/d.json")->str(), "a/b/c/d.json");
  for (const std::string& suffix :
       {""s, "/c"s, "c/"s, ".."s, "../c"s, ".c"s, "c\0"s, Segments(7), std::string(129, 'x')}) {
    EXPECT_EQ(CodeOf(base.Join(suffix)), absl::StatusCode::kInvalidArgument) << suffix;
  }
  EXPECT_OK(base.Join(Segments(6)));
}

TEST(ObjectPathTest, MessageNamesSegmentAndRuleInPlainLetters) {
  const std::string message(ObjectPath::Parse("a/b\x1b[2J/c").status().message());
  EXPECT_EQ(message, "segment 'b\\x1b[2J' of an object name has a byte outside [A-Za-z0-9._=-]");
  EXPECT_LT(ObjectPath::Parse(std::string(100000, 'x')).status().message().size(), 200u);
}

TEST(ObjectPathTest, OrdersAndComparesByText) {
  const ObjectPath a = ObjectPath::Parse("a").value();
  const ObjectPath b = ObjectPath::Parse("b").value();
  EXPECT_LT(a, b);
  EXPECT_EQ(a, ObjectPath::Parse("a").value());
}

}  // namespace
}  // namespace vecdb::support
