// What the text files of tests/filter/language cannot show: limits, and what is linear in time.
#include "filter/parse.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "schema/names.h"
#include "support/status_testing.h"

namespace vecdb::filter {
namespace {

using support::CodeOf;

std::string Repeat(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

bool SaysTooDeep(const absl::Status& status) {
  return absl::IsInvalidArgument(status) && status.message().find("64 levels") != std::string::npos;
}

TEST(ParseFilterTest, DepthHasALimit) {
  const auto nested = [](std::string_view open, std::string_view close, size_t times) {
    return ParseFilter(absl::StrCat(Repeat(open, times), "a", Repeat(close, times), " == 1"))
        .status();
  };
  EXPECT_OK(nested("(", ")", 60));
  EXPECT_TRUE(SaysTooDeep(nested("(", ")", 65)));
  EXPECT_TRUE(SaysTooDeep(nested("(", ")", 100'000)));
  EXPECT_OK(nested("-", "", 60));
  EXPECT_TRUE(SaysTooDeep(nested("-", "", 100'000)));
  EXPECT_TRUE(SaysTooDeep(nested("not ", "", 100'000)));
  EXPECT_TRUE(SaysTooDeep(nested("2 ** -", "", 100'000)));
  EXPECT_OK(nested("", " + 1", 60));
  EXPECT_TRUE(SaysTooDeep(nested("", " + 1", 65)));
  EXPECT_TRUE(SaysTooDeep(nested("", " == 1", 100'000)));
  EXPECT_OK(nested("", "[0]", 64));
  EXPECT_TRUE(SaysTooDeep(nested("", "[0]", 65)));
  const auto lists = [](size_t times) {
    return ParseFilter(
               absl::StrCat("json_contains(j, ", Repeat("[", times), Repeat("]", times), ")"))
        .status();
  };
  EXPECT_OK(lists(60));
  EXPECT_TRUE(SaysTooDeep(lists(66)));
  EXPECT_TRUE(SaysTooDeep(lists(100'000)));
}

TEST(ParseFilterTest, LongChainsAreNotDeep) {
  const auto filter = ParseFilter(absl::StrCat("a == 1", Repeat(" or a == 2 and b == 3", 5'000)));
  ASSERT_OK(filter);
  EXPECT_EQ(filter->kind, ExprKind::kOr);
  EXPECT_EQ(filter->children.size(), 5'001u);
  EXPECT_EQ(filter->depth, 4);
}

// Two operands and an operator each.
TEST(ParseFilterTest, PartsHaveALimit) {
  const auto chain = [](size_t times) {
    return ParseFilter(absl::StrCat("a == 1", Repeat(" or a == 1", times))).status();
  };
  EXPECT_OK(chain(kMaxFilterNodes / 4 - 1));
  const absl::Status status = chain(kMaxFilterNodes / 3);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_NE(status.message().find("65536"), std::string::npos) << status;
}

TEST(ParseFilterTest, LengthHasALimit) {
  const std::string filter = "a == 1";
  EXPECT_OK(ParseFilter(filter + std::string(kMaxFilterBytes - filter.size(), ' ')));
  EXPECT_EQ(CodeOf(ParseFilter(filter + std::string(kMaxFilterBytes - filter.size() + 1, ' '))),
            absl::StatusCode::kInvalidArgument);
}

TEST(ParseFilterTest, ListsHaveALimit) {
  const auto list = [](size_t values) {
    std::string text = absl::StrCat("a in [", Repeat("1,", values), "]");
    return ParseFilter(text);
  };
  const auto most = list(kMaxFilterListValues);
  ASSERT_OK(most);
  EXPECT_EQ(most->children[1].value.get_if<FilterValue::List>()->size(), kMaxFilterListValues);
  const auto status = list(kMaxFilterListValues + 1).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_NE(status.message().find("1000000 values"), std::string::npos) << status;
}

TEST(ParseFilterTest, InvalidUtf8IsRefused) {
  for (const char* text : {"a == \"\xff\"", "a == \"\xc3\"", "\x80", "a == \"\xed\xa0\x80\""}) {
    const auto status = ParseFilter(text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
    EXPECT_NE(status.message().find("UTF-8"), std::string::npos) << status;
  }
  EXPECT_EQ(ParseFilter("a == 1 and\nb == \"\u65e5\xff\"").status().message(),
            "filter, line 2, column 8: a byte that is not valid UTF-8\n"
            "  b == \"\u65e5?\"\n"
            "         ^");
  EXPECT_OK(ParseFilter("a == \"\u65e5\""));
}

// The words that fields are not named, and no others, stand for something else.
TEST(ParseFilterTest, NamesThatAFieldMayHaveCanBeNamed) {
  const auto is_name = [](const std::string& word) {
    const auto filter = ParseFilter(absl::StrCat(word, " == 1"));
    return filter.ok() && filter->kind == ExprKind::kCompare &&
           filter->children[0].kind == ExprKind::kPath && filter->children[0].name == word;
  };
  for (const std::string_view reserved : schema::kFilterWords) {
    const std::string word(reserved);
    EXPECT_FALSE(is_name(word)) << word;
    std::string mixed = word;
    mixed.back() = static_cast<char>(mixed.back() ^ 0x20);
    EXPECT_TRUE(is_name(mixed)) << mixed;
    EXPECT_TRUE(is_name(absl::StrCat(word, "_"))) << word;
  }
  for (const char* name : {"null", "between", "is", "json_contains", "json_contains_all",
                           "JSON_CONTAINS_ANY", "e", "x1", "_"}) {
    EXPECT_TRUE(is_name(name)) << name;
  }
}

TEST(ParseFilterTest, NulIsACharacterOfAStringAndNothingElse) {
  EXPECT_OK(ParseFilter(std::string_view("a == \"x\0y\"", 10)));
  EXPECT_EQ(CodeOf(ParseFilter(std::string_view("a == 1\0", 7))),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vecdb::filter
