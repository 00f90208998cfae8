#include "schema/json_number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace vecdb::schema {
namespace {

TEST(JsonNumberTest, KnowsIntegersByTheirSpelling) {
  EXPECT_TRUE(JsonNumber::Signed(-1).is_integer());
  EXPECT_TRUE(JsonNumber::Unsigned(1).is_integer());
  EXPECT_TRUE(JsonNumber::Real("123456789012345678901").is_integer());
  for (const char* text : {"1.0", "1e3", "1E3", "-0.5"}) {
    EXPECT_FALSE(JsonNumber::Real(text).is_integer()) << text;
  }
}

TEST(JsonNumberTest, GivesIntegersThatFit64Bits) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(JsonNumber::Signed(-5).AsInt64(), -5);
  EXPECT_EQ(JsonNumber::Unsigned(static_cast<uint64_t>(kMax)).AsInt64(), kMax);
  EXPECT_EQ(JsonNumber::Unsigned(static_cast<uint64_t>(kMax) + 1).AsInt64(), std::nullopt);
  EXPECT_EQ(JsonNumber::Real("1e3").AsInt64(), std::nullopt);
  EXPECT_EQ(JsonNumber::Real("-9223372036854775809").AsInt64(), std::nullopt);
}

TEST(JsonNumberTest, RoundsToTheNearestFloatOnce) {
  // Just above the middle between 1 and the next float; as a double it is the middle itself.
  EXPECT_EQ(JsonNumber::Real("1.00000005960464477540").AsReal<float>(), std::nextafter(1.0F, 2.0F));
  EXPECT_EQ(JsonNumber::Real("0.1").AsReal<float>(), 0.1F);
  EXPECT_EQ(JsonNumber::Real("0.1").AsReal<double>(), 0.1);
  EXPECT_EQ(JsonNumber::Unsigned(16777217).AsReal<float>(), 16777216.0F);
  EXPECT_EQ(JsonNumber::Signed(-3).AsReal<double>(), -3.0);
}

TEST(JsonNumberTest, RefusesRealsBeyondTheLargest) {
  EXPECT_EQ(JsonNumber::Real("3.4028234663852886e38").AsReal<float>(),
            std::numeric_limits<float>::max());
  EXPECT_EQ(JsonNumber::Real("3.5e38").AsReal<float>(), std::nullopt);
  EXPECT_EQ(JsonNumber::Real("-3.5e38").AsReal<float>(), std::nullopt);
  EXPECT_EQ(JsonNumber::Real("3.5e38").AsReal<double>(), 3.5e38);
}

TEST(JsonNumberTest, SmallRealsBecomeDenormalsAndThenZero) {
  EXPECT_EQ(JsonNumber::Real("1e-45").AsReal<float>(), std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(JsonNumber::Real("1e-60").AsReal<float>(), 0.0F);
  EXPECT_TRUE(std::signbit(*JsonNumber::Real("-1e-60").AsReal<float>()));
  EXPECT_EQ(JsonNumber::Real("1e-400").AsReal<double>(), 0.0);
  EXPECT_EQ(JsonNumber::Real("1e-400").AsReal<float>(), 0.0F);
}

TEST(JsonNumberTest, KeepsTheSignOfAZero) {
  EXPECT_TRUE(std::signbit(*JsonNumber::Signed(0).AsReal<float>()));
  EXPECT_TRUE(std::signbit(*JsonNumber::Real("-0.0").AsReal<double>()));
  EXPECT_FALSE(std::signbit(*JsonNumber::Unsigned(0).AsReal<float>()));
  EXPECT_EQ(JsonNumber::Signed(0).ToString(), "-0");
}

TEST(JsonNumberTest, PrintsItselfAsItWasSpelled) {
  EXPECT_EQ(JsonNumber::Real("1.50E+2").ToString(), "1.50E+2");
  EXPECT_EQ(JsonNumber::Signed(-7).ToString(), "-7");
  EXPECT_EQ(JsonNumber::Unsigned(18446744073709551615U).ToString(), "18446744073709551615");
}

}  // namespace
}  // namespace vecdb::schema
