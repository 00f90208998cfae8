#include <gtest/gtest.h>

#include "filter/evaluate_testing.h"
#include "filter/leaf.h"

namespace vecdb::filter {
namespace {

TEST(NumericLeafTest, ArithmeticAndComparisonsOfFieldsFindTheirRows) {
  ExpectAsNaive({"i64 + 1 == 4", "i64 * 2 > 0", "not (i64 * 2 > 0)", "i64 / i8 != 1",
                 "not (i64 / i8 != 1)", "i64 % 2 == 1", "i8 ** 2 < 100", "f * d <= 1",
                 "-i8 in [1, 2, 3, -16]", "i64 < i8", "i64 <= d", "d < i64", "f == d", "i64 != f",
                 "i64 + 1 > i8 * 2", "d / f == f / d", "i8 + 0 == i8", "f ** d == 1"},
                {.constants = true});
}

TEST(NumericLeafTest, BoundsDecideBetweenTwoFields) {
  std::vector<naive::Row> rows = NumberedRows(100);
  for (naive::Row& row : rows) row["d"] = 1000.5;
  const MemorySource source(naive::RandomFilterSchema(), rows, {.statistics = true}, 1);
  for (const char* text : {"i64 < d", "i64 <= d", "i64 != d"}) {
    EXPECT_EQ(Evaluated(text, source).size(), 100u) << text;
  }
  for (const char* text : {"d < i64", "d <= i64", "i64 == d"}) {
    EXPECT_EQ(Evaluated(text, source).size(), 0u) << text;
  }
  EXPECT_EQ(source.num_reads, 0u);
  EXPECT_EQ(Evaluated("i64 + 0 < d", source).size(), 100u);
  EXPECT_EQ(source.num_reads, 2u);
}

TEST(NumericLeafTest, PowersCostMoreThanSums) {
  const MemorySource source(naive::RandomFilterSchema(), RandomRows(10, 3), {}, 1);
  const auto cost = [&source](const std::string& text) {
    return MakeNumericLeaf(RandomSchemaNode(text))->Plan(source).cost;
  };
  EXPECT_LT(cost("i64 + 1 < 3"), cost("i64 / 2 < 3"));
  EXPECT_LT(cost("i64 / 2 < 3"), cost("i64 ** 2 < 3"));
  EXPECT_LT(cost("i64 < i8"), cost("i64 + 1 < i8"));
}

}  // namespace
}  // namespace vecdb::filter
