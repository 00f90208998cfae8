// How docsearch cuts files into passages and text into terms.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "docsearch/answer.h"
#include "docsearch/comments.h"
#include "docsearch/passage.h"
#include "docsearch/stem.h"
#include "docsearch/tokenize.h"
#include "docsearch/utf8_text.h"

namespace docsearch {
namespace {

using Terms = std::vector<std::string>;

TEST(StemTest, GivesTheStemsOfPortersPaper) {
  const std::vector<std::pair<std::string, std::string>> cases = {{"caresses", "caress"},
                                                                  {"ponies", "poni"},
                                                                  {"cats", "cat"},
                                                                  {"feed", "feed"},
                                                                  {"agreed", "agre"},
                                                                  {"plastered", "plaster"},
                                                                  {"motoring", "motor"},
                                                                  {"sing", "sing"},
                                                                  {"conflated", "conflat"},
                                                                  {"hopping", "hop"},
                                                                  {"falling", "fall"},
                                                                  {"filing", "file"},
                                                                  {"happy", "happi"},
                                                                  {"sky", "sky"},
                                                                  {"relational", "relat"},
                                                                  {"vietnamization", "vietnam"},
                                                                  {"triplicate", "triplic"},
                                                                  {"hopefulness", "hope"},
                                                                  {"adjustment", "adjust"},
                                                                  {"adoption", "adopt"},
                                                                  {"rate", "rate"},
                                                                  {"controll", "control"},
                                                                  {"compression", "compress"},
                                                                  {"position", "posit"}};
  for (const auto& [word, stem] : cases) EXPECT_EQ(Stem(word), stem) << word;
}

TEST(StemTest, LeavesShortWordsAndNamesWithDigitsAlone) {
  EXPECT_EQ(Stem("is"), "is");
  EXPECT_EQ(Stem("sha256s"), "sha256s");
  EXPECT_EQ(Stem(""), "");
}

TEST(TokenizeTest, SplitsIdentifiersAtUnderscoresAndCapitals) {
  EXPECT_EQ(Tokenize("pthread_mutex_timedlock"), (Terms{"pthread", "mutex", "timedlock"}));
  EXPECT_EQ(Tokenize("TryParseUInt32"), (Terms{"try", "pars", "int32"}));
  EXPECT_EQ(Tokenize("HTTPServer"), (Terms{"http", "server"}));
}

TEST(TokenizeTest, LeavesOutStopWordsNumbersSingleLettersAndLongWords) {
  EXPECT_EQ(Tokenize("the 42 mutexes of a x"), (Terms{"mutex"}));
  EXPECT_EQ(Tokenize(std::string(25, 'q')), Terms());
  EXPECT_EQ(Tokenize(std::string(24, 'q')).size(), 1U);
  EXPECT_EQ(Tokenize(""), Terms());
}

TEST(TokenizeTest, KeepsWordsOfOtherAlphabetsWhole) {
  EXPECT_EQ(Tokenize("größe"), (Terms{"größe"}));
}

TEST(CommentsTest, FindsACommentAndTheDeclarationBehindIt) {
  const auto comments =
      FindComments("int a;\n/* Lock a\n * mutex.  */\nextern int lock (mutex *m) __THROW;\n");
  ASSERT_EQ(comments.size(), 1U);
  EXPECT_EQ(comments[0].line, 2U);
  EXPECT_EQ(comments[0].text, "Lock a\nmutex.");
  EXPECT_EQ(comments[0].declaration, "extern int lock (mutex *m)");
}

TEST(CommentsTest, JoinsNeighbouringLinesAndKeepsOthersApart) {
  const auto comments =
      FindComments("// one\n// two\n\n// three\nint x; // four\nint y; // five\n");
  ASSERT_EQ(comments.size(), 4U);
  EXPECT_EQ(comments[0].text, "one\ntwo");
  EXPECT_EQ(comments[1].text, "three");
  EXPECT_EQ(comments[2].text, "four");
  EXPECT_EQ(comments[2].declaration, "int x;");
  EXPECT_EQ(comments[3].line, 6U);
}

TEST(CommentsTest, TakesTheCodeOfItsOwnLineForACommentBehindCode) {
  const auto comments = FindComments("  int size; ///< bytes in use\n  int other;\n");
  ASSERT_EQ(comments.size(), 1U);
  EXPECT_EQ(comments[0].text, "bytes in use");
  EXPECT_EQ(comments[0].declaration, "int size;");
}

TEST(CommentsTest, LooksPastConditionsForTheDeclaration) {
  const auto comments =
      FindComments("/* Send a signal.  */\n#ifdef __USE_POSIX\nextern int kill (int);\n#endif\n");
  ASSERT_EQ(comments.size(), 1U);
  EXPECT_EQ(comments[0].declaration, "extern int kill (int)");
}

TEST(CommentsTest, IgnoresMarksInStringsAndSurvivesBrokenCode) {
  EXPECT_TRUE(FindComments("const char* s = \"// no /* comment */\";\n").empty());
  EXPECT_EQ(FindComments("#error don't\n// real comment\n").size(), 1U);
  EXPECT_EQ(FindComments("/* never closed").size(), 1U);
  EXPECT_TRUE(FindComments("/").empty());
  EXPECT_TRUE(FindComments("\"\\").empty());
  EXPECT_TRUE(FindComments("/**/ /*****/ //").empty());
}

TEST(PassageTest, JoinsSmallParagraphsAndBeginsAnewAtHeadings) {
  const auto passages = CutPassages(FileKind::kText, "one\n\ntwo\n\n# Title\n\nthree\n");
  ASSERT_EQ(passages.size(), 2U);
  EXPECT_EQ(passages[0].text, "one\ntwo");
  EXPECT_EQ(passages[1].text, "# Title\nthree");
  EXPECT_EQ(passages[1].line, 5U);
}

TEST(PassageTest, SplitsLongParagraphsAtSentencesWithoutLosingText) {
  std::string sentence(99, 'x');
  sentence += ". ";
  std::string text;
  for (int i = 0; i < 30; ++i) text += sentence;
  std::string joined;
  for (const Passage& passage : CutPassages(FileKind::kText, text)) {
    EXPECT_LE(passage.text.size(), kMaxPassageBytes);
    EXPECT_TRUE(passage.text.ends_with(". "));
    joined += passage.text;
  }
  EXPECT_EQ(joined, text);
}

TEST(PassageTest, CutsTextWithoutSpacesBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "ä";
  const auto passages = CutPassages(FileKind::kText, text);
  ASSERT_EQ(passages.size(), 3U);
  EXPECT_EQ(passages[0].text.size(), kMaxPassageBytes);
}

TEST(PassageTest, KeepsSentencesAndDropsLicencesTablesAndScraps) {
  const auto keeps = [](std::string text, std::string declaration = "") {
    return IsWorthKeeping({1, std::move(text), std::move(declaration)});
  };
  EXPECT_TRUE(keeps("Waits until the queue has room for one more element."));
  EXPECT_FALSE(keeps("Copyright (C) 2024 by some people who wrote all of this text."));
  EXPECT_FALSE(
      keeps("This library is distributed in the hope that it will be useful, but WITHOUT\nANY "
            "WARRANTY; without even the implied\nwarranty"));
  EXPECT_FALSE(keeps("0x00 0x01 0x02 0x03 a 0x04 0x05 b 0x06 c 0x07 d 0x08 e 0x09 f g h"));
  EXPECT_FALSE(keeps("end of loop"));
  EXPECT_TRUE(keeps("Lock a mutex.", "extern int pthread_mutex_lock (pthread_mutex_t *mutex)"));
  EXPECT_FALSE(keeps("Lock a mutex.", "if (locked)"));
  EXPECT_FALSE(keeps("Lock a mutex.", "int x = f(1)"));
}

TEST(Utf8TextTest, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(CleanUtf8("a\xff\xc3(b"),
            "a?"
            "?(b");
  EXPECT_EQ(CleanUtf8("\xed\xa0\x80"), "???");
  EXPECT_EQ(CleanUtf8("\xc0\x80"), "??");
  EXPECT_EQ(CleanUtf8("tab\tnul" + std::string(1, '\0') + "€"), "tab\tnul €");
}

TEST(Utf8TextTest, KeepsTheTailOfLongPathsWithinTheLimit) {
  EXPECT_EQ(KeepTail("/usr/include/zlib.h", 64), "/usr/include/zlib.h");
  const std::string kept = KeepTail(std::string(70, '/') + "zlib.h", 64);
  EXPECT_EQ(kept.size(), 64U);
  EXPECT_TRUE(kept.starts_with("…/"));
  EXPECT_TRUE(kept.ends_with("/zlib.h"));
  EXPECT_EQ(KeepTail("ääää", 7), "…ää");
  EXPECT_EQ(KeepTail("ääää", 6), "…ä");
}

TEST(SnippetTest, BeginsWithTheSentenceThatSharesMostWithTheQuestion) {
  const std::string text = "This is a preface.  It says\nlittle. Lock the mutex here. Then leave.";
  EXPECT_EQ(Snippet(text, "locking mutexes", 200), "Lock the mutex here. Then leave.");
  EXPECT_EQ(Snippet(text, "bananas", 12), "This is a pr…");
}

}  // namespace
}  // namespace docsearch
