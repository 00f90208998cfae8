#include "filter/leaf.h"

#include <gtest/gtest.h>

#include "filter/evaluate_testing.h"

namespace vecdb::filter {
namespace {

TEST(LeafTest, EveryKindOfLeafFindsItsRows) {
  ExpectAsNaive(
      {"i64 == 3", "v like \"%a_\"", "x == 1", "x like \"%a_\"", "exists x", "json_contains(x, 1)",
       "i64 + 1 < 3", "i64 < i8", "x + 1 < 3", "x < y", "v < x", "(x + 1) like \"%a_\""},
      {});
}

TEST(LeafTest, OnlyListsOfStringsAreAskedOfTheBloomFilter) {
  const MemorySource source(naive::RandomFilterSchema(), RandomRows(20, 3), {.bloom = true}, 1);
  const size_t column = *naive::RandomFilterSchema().FindField("v");
  const auto judge = [&](const std::string& text, Verdict before) {
    return JudgeStrings(source, column, RandomSchemaNode(text).set, before);
  };
  EXPECT_EQ(judge("v == \"nowhere\"", Verdict::kSome), Verdict::kNone);
  EXPECT_EQ(judge("v < \"\\x01\"", Verdict::kSome), Verdict::kSome);
  EXPECT_EQ(judge("v == \"nowhere\"", Verdict::kAll), Verdict::kAll);
  std::string list = "v in [\"0\"";
  for (int i = 1; i < 64; ++i) list += ", \"" + std::to_string(i) + "\"";
  EXPECT_EQ(judge(list + "]", Verdict::kSome), Verdict::kNone);
  EXPECT_EQ(judge(list + ", \"64\"]", Verdict::kSome), Verdict::kSome);
}

}  // namespace
}  // namespace vecdb::filter
