#include "filter/literal.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace vecdb::filter {
namespace {

std::string Show(std::string_view text) {
  const auto number = ParseNumber(text);
  if (!number.has_value()) return "wrong";
  if (const auto* integer = std::get_if<int64_t>(&*number)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&*number)) return std::to_string(*real) + " real";
  return "behind a minus only";
}

TEST(LiteralTest, NumbersOfEveryForm) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"0", "0"},
      {"7", "7"},
      {"00", "0"},
      {"017", "15"},
      {"018", "wrong"},
      {"9223372036854775807", "9223372036854775807"},
      {"9223372036854775808", "behind a minus only"},
      {"9223372036854775809", "wrong"},
      {"99999999999999999999", "wrong"},
      {"0x0", "0"},
      {"0xfF", "255"},
      {"0XfF", "255"},
      {"0x7fffffffffffffff", "9223372036854775807"},
      {"0x8000000000000000", "behind a minus only"},
      {"0x8000000000000001", "wrong"},
      {"0x", "wrong"},
      {"0b", "wrong"},
      {"0b0", "0"},
      {"0B101", "5"},
      {"0b2", "wrong"},
      {"1.5", "1.500000 real"},
      {"1.", "1.000000 real"},
      {".5", "0.500000 real"},
      {"1e2", "100.000000 real"},
      {"1E+2", "100.000000 real"},
      {"5e-1", "0.500000 real"},
      {"1e309", "wrong"},
      {"0x1.8p3", "12.000000 real"},
      {"0x.8P1", "1.000000 real"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(Show(text), expected) << text;
  }
  EXPECT_EQ(std::get<double>(*ParseNumber("1e308")), 1e308);
  EXPECT_EQ(std::get<double>(*ParseNumber("1.7976931348623157e308")),
            std::numeric_limits<double>::max());
}

TEST(LiteralTest, EscapesAreDecodedAndWrongOnesNamed) {
  const auto decode = [](std::string_view body) -> std::string {
    const auto result = DecodeString(body);
    if (const auto* error = std::get_if<StringError>(&result)) {
      return std::to_string(error->position) + ": " + error->what;
    }
    return std::get<std::string>(result);
  };
  EXPECT_EQ(decode(""), "");
  EXPECT_EQ(decode("plain"), "plain");
  EXPECT_EQ(decode(R"(\n\t\r\b\f\\\"\'\/)"), "\n\t\r\b\f\\\"'/");
  EXPECT_EQ(decode(R"(\x00)"), std::string(1, '\0'));
  EXPECT_EQ(decode(R"(\x7F)"), "\x7f");
  EXPECT_EQ(decode(R"(\u0041\u00e9\u20AC\uD83D\uDE00)"), "A\u00e9\u20ac\U0001F600");
  EXPECT_EQ(decode(R"(100\%\_)"), R"(100\%\_)");
  EXPECT_EQ(decode(R"(ab\q)").substr(0, 2), "2:");
  for (const char* wrong : {R"(\)", R"(\x)", R"(\x1)", R"(\x80)", R"(\xg0)", R"(\u)", R"(\u123)",
                            R"(\ud800)", R"(\ud800x)", R"(\ud800\u0041)", R"(\udc00)", R"(\N)"}) {
    EXPECT_EQ(decode(wrong).substr(0, 2), "0:") << wrong;
  }
}

TEST(LiteralTest, WhatIsQuotedIsReadBack) {
  std::vector<std::string> texts = {"",    "plain", "\"",   "'",  "\\",           "\\\\",
                                    "\\%", "\\\\%", "\\_x", "%_", "\u65e5\u672c", "ends in \\"};
  for (int byte = 0; byte < 128; ++byte) texts.emplace_back(1, static_cast<char>(byte));
  const std::string letters = "\\%_\"a";  // and all of length 4 of these
  for (size_t i = 0; i < 625; ++i) {
    texts.push_back({letters[i % 5], letters[i / 5 % 5], letters[i / 25 % 5], letters[i / 125]});
  }
  for (const std::string& text : texts) {
    const std::string quoted = QuoteString(text);
    ASSERT_GE(quoted.size(), 2u);
    const auto back = DecodeString(std::string_view(quoted).substr(1, quoted.size() - 2));
    ASSERT_TRUE(std::holds_alternative<std::string>(back)) << quoted;
    EXPECT_EQ(std::get<std::string>(back), text) << quoted;
  }
}

}  // namespace
}  // namespace vecdb::filter
