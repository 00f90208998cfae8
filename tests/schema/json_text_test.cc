#include "schema/json_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace vecdb::schema {
namespace {

std::string AsString(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

template <typename T>
std::string AsNumber(T number) {
  std::string out;
  AppendJsonNumber(number, &out);
  return out;
}

TEST(JsonTextTest, QuotesPlainTextAsItIs) {
  EXPECT_EQ(AsString(""), "\"\"");
  EXPECT_EQ(AsString("a b/c"), "\"a b/c\"");
  EXPECT_EQ(AsString("\xC3\xA9\x7F"), "\"\xC3\xA9\x7F\"");
}

TEST(JsonTextTest, EscapesWhatJsonForbidsInStrings) {
  EXPECT_EQ(AsString("\"\\"), R"("\"\\")");
  EXPECT_EQ(AsString("a\b\f\n\r\tz"), R"("a\b\f\n\r\tz")");
  EXPECT_EQ(AsString(std::string_view("\0\x01\x1F\x20", 4)), R"("\u0000\u0001\u001f ")");
}

TEST(JsonTextTest, PrintsIntegersOfEveryWidth) {
  EXPECT_EQ(AsNumber(std::numeric_limits<int8_t>::min()), "-128");
  EXPECT_EQ(AsNumber(std::numeric_limits<int16_t>::max()), "32767");
  EXPECT_EQ(AsNumber(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(AsNumber(std::numeric_limits<uint64_t>::max()), "18446744073709551615");
}

TEST(JsonTextTest, PrintsFloatsInTheirShortestForm) {
  EXPECT_EQ(AsNumber(0.1F), "0.1");
  EXPECT_EQ(AsNumber(0.1), "0.1");
  EXPECT_EQ(AsNumber(16777216.0F), "16777216");
  EXPECT_EQ(AsNumber(1e30), "1e+30");
  EXPECT_EQ(AsNumber(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(AsNumber(-std::numeric_limits<double>::denorm_min()), "-5e-324");
}

TEST(JsonTextTest, KeepsTheSignOfAZero) {
  EXPECT_EQ(AsNumber(0.0F), "0");
  EXPECT_EQ(AsNumber(-0.0F), "-0.0");
  EXPECT_EQ(AsNumber(-0.0), "-0.0");
  EXPECT_EQ(AsNumber(0), "0");
}

TEST(JsonTextTest, PrintsNumbersThatJsonLacksAsNull) {
  EXPECT_EQ(AsNumber(std::numeric_limits<float>::infinity()), "null");
  EXPECT_EQ(AsNumber(-std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(AsNumber(std::numeric_limits<double>::quiet_NaN()), "null");
}

}  // namespace
}  // namespace vecdb::schema
