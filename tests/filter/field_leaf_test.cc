#include <gtest/gtest.h>

#include "filter/evaluate_testing.h"
#include "filter/leaf.h"

namespace vecdb::filter {
namespace {

TEST(FieldLeafTest, ConditionsOnFieldsOfEveryTypeFindTheirRows) {
  ExpectAsNaive(
      {"i64 == 3", "i64 != 3", "i64 in [0, 1, 2, 3, 8, 16, 9007199254740993]", "i64 not in [1, 3]",
       "i8 < 3", "1 < i8 <= 126", "f == 0.1", "f > 2.5", "d <= 1",
       "d in [0, 0.1, 2.5, 3, 1e19, -1]", "b", "not b", "v == \"a\"", "v != \"a\"",
       "v in [\"a\", \"b\", \"aa\", \"abb\", \"é\", \"日\", \"A\", \"x\", \"y\"]",
       "v >= \"a\" and v < \"b\"", "v like \"a_\"", "not (v like \"%b\")", "v like \"%é%\""},
      {.constants = true});
}

TEST(FieldLeafTest, StringsThatTheBloomFilterHasNotAreFalseWithoutReading) {
  const std::vector<naive::Row> rows = RandomRows(100, 3);
  const MemorySource source(naive::RandomFilterSchema(), rows, {.bloom = true}, 1);
  EXPECT_TRUE(Evaluated("v == \"nowhere\"", source).empty());
  EXPECT_TRUE(Evaluated("v in [\"nowhere\", \"neither\"]", source).empty());
  EXPECT_EQ(source.num_reads, 0u);
  EXPECT_FALSE(Evaluated("v in [\"nowhere\", \"a\"]", source).empty());
  EXPECT_EQ(Evaluated("v != \"nowhere\"", source).size(), 100u);
}

TEST(FieldLeafTest, AnIndexCountsExactly) {
  const MemorySource source(naive::RandomFilterSchema(), NumberedRows(100), {.indexes = true}, 1);
  const auto leaf = MakeFieldLeaf(RandomSchemaNode("i64 < 7"));
  const LeafPlan plan = leaf->Plan(source);
  EXPECT_EQ(plan.num_indexed, 7u);
  EXPECT_EQ(plan.selectivity, 0.07);
  uint64_t words[2] = {};
  leaf->MarkByIndex(plan, words);
  EXPECT_EQ(words[0], 127u);
  EXPECT_EQ(MakeFieldLeaf(RandomSchemaNode("i64 < 0"))->Plan(source).verdict, Verdict::kNone);
  EXPECT_EQ(MakeFieldLeaf(RandomSchemaNode("i64 >= 0"))->Plan(source).verdict, Verdict::kAll);
}

TEST(FieldLeafTest, NumbersCostLessThanStringsAndPatternsMost) {
  const MemorySource source(naive::RandomFilterSchema(), RandomRows(100, 3), {}, 1);
  const auto cost = [&source](const std::string& text) {
    return MakeFieldLeaf(RandomSchemaNode(text))->Plan(source).cost;
  };
  EXPECT_LT(cost("i64 == 3"), cost("v == \"a\""));
  EXPECT_LT(cost("v == \"a\""), cost("v like \"%a%\""));
}

}  // namespace
}  // namespace vecdb::filter
