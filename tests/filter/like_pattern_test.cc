#include "filter/like_pattern.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "filter/naive_values.h"
#include "support/seeded_random.h"

namespace vecdb::filter {
namespace {

LikePattern Pattern(std::string_view text) {
  auto pattern = LikePattern::Parse(text);
  EXPECT_TRUE(pattern.has_value()) << text;
  return pattern.has_value() ? *pattern : LikePattern();
}

struct MatchCase {
  const char* pattern;
  std::vector<const char*> fitting;
  std::vector<const char*> others;
};

TEST(LikePatternTest, FitsTheWholeText) {
  const MatchCase kCases[] = {
      {"", {""}, {"a", " "}},
      {"ab", {"ab"}, {"", "a", "abc", "AB", "cab"}},
      {"%", {"", "a", "日本"}, {}},
      {"a%", {"a", "ab", "a%"}, {"", "b", "ba"}},
      {"%a", {"a", "ba", "aa", "aba"}, {"", "ab"}},
      {"%a%", {"a", "bab"}, {"", "b"}},
      {"a%a", {"aa", "aba", "aaa"}, {"a", "aab"}},
      {"%ab%ab", {"abab", "ababab", "xabyab"}, {"ab", "aab", "abba"}},
      {"_", {"a", "é", "日", "\xf4\x8f\xbf\xbf"}, {"", "ab", "éé"}},
      {"%_", {"a", "日本"}, {""}},
      {"_%é", {"aé", "éé", "aéé"}, {"é", "", "éa"}},
      {"%a_", {"ab", "aab", "aé"}, {"a", "ba", "abc"}},
  };
  for (const auto& [pattern, fitting, others] : kCases) {
    for (const char* text : fitting) EXPECT_TRUE(Pattern(pattern).Matches(text)) << pattern << text;
    for (const char* text : others) EXPECT_FALSE(Pattern(pattern).Matches(text)) << pattern << text;
  }
}

TEST(LikePatternTest, BackslashTakesTheMeaningFromWildcardsAndItselfOnly) {
  EXPECT_EQ(Pattern(R"(a\%)").AsLiteral(), "a%");
  EXPECT_EQ(Pattern(R"(a\_)").AsLiteral(), "a_");
  EXPECT_EQ(Pattern(R"(a\\)").AsLiteral(), "a\\");
  EXPECT_EQ(Pattern(R"(a\b)").AsLiteral(), "a\\b");
  EXPECT_EQ(Pattern(R"(\é)").AsLiteral(), "\\é");
  EXPECT_EQ(Pattern(R"(a\\%)").AsPrefix(), "a\\");
  EXPECT_EQ(Pattern(R"(a\%%)").AsPrefix(), "a%");
}

TEST(LikePatternTest, RefusesABackslashAtTheEnd) {
  EXPECT_EQ(LikePattern::Parse("\\"), std::nullopt);
  EXPECT_EQ(LikePattern::Parse("a\\"), std::nullopt);
  EXPECT_EQ(LikePattern::Parse(R"(%\\\)"), std::nullopt);
  EXPECT_NE(LikePattern::Parse(R"(%\\)"), std::nullopt);
}

TEST(LikePatternTest, KnowsLiteralsAndPrefixes) {
  EXPECT_EQ(Pattern("").AsLiteral(), "");
  EXPECT_EQ(Pattern("").AsPrefix(), std::nullopt);
  EXPECT_EQ(Pattern("%").AsPrefix(), "");
  EXPECT_EQ(Pattern("ab%%").AsPrefix(), "ab");
  EXPECT_EQ(Pattern("ab%").AsLiteral(), std::nullopt);
  for (const char* text : {"a_", "a_%", "%a", "%a%", "a%b%", "%_"}) {
    EXPECT_EQ(Pattern(text).AsLiteral(), std::nullopt) << text;
    EXPECT_EQ(Pattern(text).AsPrefix(), std::nullopt) << text;
  }
}

TEST(LikePatternTest, EqualPatternsHaveOneText) {
  EXPECT_EQ(Pattern("%%a%%%").ToString(), "%a%");
  EXPECT_EQ(Pattern(R"(\a\%\_\\_)").ToString(), R"(\\a\%\_\\_)");
  EXPECT_EQ(Pattern("a%%"), Pattern("a%"));
  EXPECT_NE(Pattern("a%"), Pattern(R"(a\%)"));
  EXPECT_NE(Pattern("_"), Pattern(R"(\_)"));
}

TEST(LikePatternTest, ManyWildcardsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "%a";
  const std::string text(2000, 'a');
  EXPECT_TRUE(Pattern(pattern).Matches(text));
  EXPECT_FALSE(Pattern(pattern + "b").Matches(text));
}

TEST(LikePatternTest, WhatAByteMayCostIsThatOfThePieceBetweenTwoPercentSigns) {
  for (const char* pattern : {"", "a", "%", "a%", "%a%", "%a%b%", "_", "_a_%", "%_a_", "a_%b%_c"}) {
    EXPECT_EQ(Pattern(pattern).CostPerByte(), 1u) << pattern;
  }
  EXPECT_EQ(Pattern("%_%").CostPerByte(), 2u);
  EXPECT_EQ(Pattern("%a_b%").CostPerByte(), 2u);
  EXPECT_EQ(Pattern("%a_b_c%d_e%").CostPerByte(), 3u);
  EXPECT_EQ(Pattern("%_" + std::string(320, 'a') + "%").CostPerByte(), 12u);
}

TEST(LikePatternTest, UnderscoresAreCountedUnlessTheyStandForThemselves) {
  EXPECT_EQ(Pattern("").CountUnderscores(), 0u);
  EXPECT_EQ(Pattern("_a%_\\__%b_").CountUnderscores(), 4u);
  EXPECT_FALSE(Pattern("_\\%").has_percent());
  EXPECT_TRUE(Pattern("_%").has_percent());
}

// ---- prefixes

std::string Utf8(const std::vector<uint32_t>& points) {
  std::string text;
  for (const uint32_t point : points) base::AppendUtf8(point, &text);
  return text;
}

TEST(LikePatternTest, BeyondAPrefixTheLastCharacterIsTheNext) {
  EXPECT_EQ(BeyondPrefix("a"), "b");
  EXPECT_EQ(BeyondPrefix(Utf8({'a', 0x7f})), Utf8({'a', 0x80}));
  EXPECT_EQ(BeyondPrefix(Utf8({'a', 0x7ff})), Utf8({'a', 0x800}));
  EXPECT_EQ(BeyondPrefix(Utf8({'a', 0xffff})), Utf8({'a', 0x10000}));
}

TEST(LikePatternTest, BeyondAPrefixThereAreNoSurrogates) {
  EXPECT_EQ(BeyondPrefix(Utf8({0xd7ff})), Utf8({0xe000}));
}

TEST(LikePatternTest, BeyondTheLastCharacterTheOneBeforeGoesUp) {
  EXPECT_EQ(BeyondPrefix(Utf8({'a', 0x10ffff, 0x10ffff})), "b");
  EXPECT_EQ(BeyondPrefix(Utf8({0xd7ff, 0x10ffff})), Utf8({0xe000}));
  EXPECT_EQ(BeyondPrefix(Utf8({0x10ffff, 0x10ffff})), std::nullopt);
}

std::string RandomPoints(support::SeededRandom& random, uint64_t most) {
  constexpr uint32_t kPoints[] = {0,      1,      'a',    0x7f,    0x80,     0x7ff,   0x800,
                                  0xd7ff, 0xe000, 0xffff, 0x10000, 0x10fffe, 0x10ffff};
  std::string text;
  for (uint64_t left = random.Below(most + 1); left > 0; --left) {
    base::AppendUtf8(kPoints[random.Below(std::size(kPoints))], &text);
  }
  return text;
}

TEST(LikePatternTest, RandomTextsLieBelowTheBeyondOfTheirPrefixesAlone) {
  const uint64_t seed = support::TestSeed("LikePatternTest.Beyond");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (int i = support::ScaledCount(20'000); i > 0 && !testing::Test::HasFailure(); --i) {
    const std::string prefix = RandomPoints(random, 2) + Utf8({0x10ffff - 1});
    const std::string text =
        random.OneIn(2) ? RandomPoints(random, 4) : prefix + RandomPoints(random, 2);
    for (const std::string& start : {prefix, text.empty() ? prefix : text}) {
      const auto beyond = BeyondPrefix(start);
      if (beyond.has_value()) {
        EXPECT_TRUE(base::IsValidUtf8(*beyond));
      }
      const bool between = text >= start && (!beyond.has_value() || text < *beyond);
      EXPECT_EQ(between, text.compare(0, start.size(), start) == 0);
    }
  }
}

// ---- against the naive matcher

std::string RandomText(support::SeededRandom& random, uint64_t most,
                       const std::vector<std::string>& parts) {
  std::string text;
  for (uint64_t left = random.Below(most + 1); left > 0; --left) {
    text += parts[random.Below(parts.size())];
  }
  return text;
}

void CheckAgainstNaive(const std::string& written, const LikePattern& pattern,
                       const std::string& text) {
  SCOPED_TRACE("text: " + text);
  const bool fits = naive::LikeMatches(written, text);
  EXPECT_EQ(pattern.Matches(text), fits);
  if (const auto literal = pattern.AsLiteral()) {
    EXPECT_EQ(text == *literal, fits);
  }
  if (const auto prefix = pattern.AsPrefix()) {
    EXPECT_EQ(text.compare(0, prefix->size(), *prefix) == 0, fits);
  }
}

TEST(LikePatternTest, RandomPatternsAgreeWithTheNaiveMatcher) {
  const uint64_t seed = support::TestSeed("LikePatternTest.Random");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (int i = support::ScaledCount(5'000); i > 0 && !testing::Test::HasFailure(); --i) {
    const std::string written =
        RandomText(random, 6, {"a", "b", "é", "%", "%", "_", "_", "\\%", "\\_", "\\\\", "\\"});
    SCOPED_TRACE("pattern: " + written);
    const auto pattern = LikePattern::Parse(written);
    const std::string even = written.substr(written.find_last_not_of('\\') + 1);
    if (!pattern.has_value()) {
      EXPECT_EQ(even.size() % 2, 1U);
      continue;
    }
    EXPECT_EQ(even.size() % 2, 0U);
    EXPECT_EQ(Pattern(pattern->ToString()), *pattern);
    EXPECT_EQ(Pattern(pattern->ToString()).ToString(), pattern->ToString());
    for (int n = 0; n < 10; ++n) {
      const std::string text = RandomText(random, 6, {"a", "a", "b", "é", "日", "%", "_", "\\"});
      CheckAgainstNaive(written, *pattern, text);
      EXPECT_EQ(Pattern(EscapeLike(text)).AsLiteral(), text);
    }
  }
}

TEST(LikePatternTest, AnEmptyTextNeedsNoAddress) {
  for (const char* pattern : {"%a%", "%", "", "a%b", "_%"}) {
    EXPECT_EQ(LikePattern::Parse(pattern)->Matches(std::string_view()),
              LikePattern::Parse(pattern)->Matches(""))
        << pattern;
  }
}

}  // namespace
}  // namespace vecdb::filter
