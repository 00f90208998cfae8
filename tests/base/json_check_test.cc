#include "base/json_check.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "support/status_testing.h"

namespace vecdb::base {
namespace {

using std::string_view_literals::operator""sv;

std::string Nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonCheckTest, AcceptsTheDeepestNestingAllowedAndNoDeeper) {
  EXPECT_OK(PreCheckJson(Nested(kMaxJsonDepth)));
  EXPECT_EQ(PreCheckJson(Nested(kMaxJsonDepth + 1)).message(),
            "JSON is nested deeper than the limit of 32");
  EXPECT_OK(PreCheckJson("1", 0));
  EXPECT_FALSE(PreCheckJson("{}", 0).ok());
}

TEST(JsonCheckTest, RefusesAMillionOpenBrackets) {
  EXPECT_FALSE(PreCheckJson(std::string(1'000'000, '[')).ok());
  EXPECT_FALSE(PreCheckJson(std::string(1'000'000, '{')).ok());
}

TEST(JsonCheckTest, CountsBracketsThatAreOpenAndNotAll) {
  EXPECT_OK(PreCheckJson("[[],[],{},[{}],[]]", 3));
  EXPECT_FALSE(PreCheckJson("[[],[],{},[{}],[]]", 2).ok());
}

TEST(JsonCheckTest, IgnoresBracketsWithinStrings) {
  EXPECT_OK(PreCheckJson(R"(["[[[[", "\"[[[", "\\"])", 1));
  EXPECT_FALSE(PreCheckJson(R"(["\\", ["]"]])", 1).ok());
}

TEST(JsonCheckTest, SurvivesStringsThatDoNotEnd) {
  EXPECT_OK(PreCheckJson("\"[[["));
  EXPECT_OK(PreCheckJson("\"\\"));
  EXPECT_OK(PreCheckJson(""));
}

TEST(JsonCheckTest, RefusesANulByteAnywhere) {
  EXPECT_EQ(PreCheckJson("{}\0[]"sv).message(), "JSON with a NUL byte");
  EXPECT_FALSE(PreCheckJson("\"\0\""sv).ok());
}

TEST(JsonCheckTest, RefusesAByteOrderMarkAtTheStartOnly) {
  EXPECT_EQ(PreCheckJson("\xEF\xBB\xBF{}").message(), "JSON with a byte order mark");
  EXPECT_OK(PreCheckJson("\"\xEF\xBB\xBF\""));
}

}  // namespace
}  // namespace vecdb::base
