#include "segment/scalar_index.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "base/row_mask.h"
#include "segment/scalar_index_testing.h"
#include "support/int64_limits.h"

namespace vecdb::segment {
namespace {

using support::kMaxInt64;
using support::kMinInt64;

ValueSet NumbersIn(IntervalSet<Number> numbers) { return {.numbers = std::move(numbers)}; }
ValueSet TextsIn(IntervalSet<std::string> strings) { return {.strings = std::move(strings)}; }

// The rows that an index gives for a set, checked against Count.
std::vector<uint32_t> RowsOf(const SealedScalarIndex& index, const ValueSet& set) {
  const uint32_t num_rows = index.data().num_rows;
  const Words words = Marked(index, num_rows, set);
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < num_rows; ++row) {
    if ((words[row / 64] >> (row % 64) & 1) != 0) rows.push_back(row);
  }
  EXPECT_EQ(index.Count(set), rows.size());
  return rows;
}

using Rows = std::vector<uint32_t>;

class EveryTypeTest : public ::testing::TestWithParam<DataType> {};

TEST_P(EveryTypeTest, GivesTheRowsOfAnySetAsAScanDoes) {
  const uint64_t seed = support::TestSeed("GivesTheRowsOfAnySetAsAScanDoes");
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  support::SeededRandom random(seed);
  for (const size_t rows : {size_t{0}, size_t{1}, size_t{2}, size_t{63}, size_t{500}}) {
    const Column column = RandomColumn(GetParam(), rows, random);
    const SealedScalarIndex index = MakeIndex(column);
    for (int i = 0; i < support::ScaledCount(100); ++i) {
      const ValueSet set = RandomValueSet(random);
      const Words expected = NaiveMatches(column, set);
      ASSERT_EQ(Marked(index, rows, set), expected) << rows << " rows, set " << i;
      ASSERT_EQ(index.Count(set), base::CountBits(expected.data(), rows));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, EveryTypeTest, ::testing::ValuesIn(IndexedTypes()),
                         [](const auto& type) { return DataTypeName(type.param); });

TEST(ScalarIndexTest, EndsOfIntervalsAreOpenOrClosed) {
  const SealedScalarIndex index =
      MakeIndex(Column(DataType::kInt32, 0, std::vector<int32_t>{5, 3, 4, 3, 5}));
  using Set = IntervalSet<Number>;
  const Number three(int64_t{3});
  const Number five(int64_t{5});
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Between(three, true, five, true))), (Rows{0, 1, 2, 3, 4}));
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Between(three, false, five, true))), (Rows{0, 2, 4}));
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Between(three, true, five, false))), (Rows{1, 2, 3}));
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Between(three, false, five, false))), (Rows{2}));
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Above(Number(4.5), true))), (Rows{0, 4}));
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Point(Number(4.5)))), Rows{});
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::None())), Rows{});
}

TEST(ScalarIndexTest, IntegersAtTheEndsOfInt64AreFound) {
  const SealedScalarIndex index =
      MakeIndex(Column(DataType::kInt64, 0,
                       std::vector<int64_t>{kMaxInt64, kMinInt64, 0, kMaxInt64 - 1, kMinInt64}));
  using Set = IntervalSet<Number>;
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Point(Number(kMinInt64)))), (Rows{1, 4}));
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Point(Number(kMaxInt64)))), (Rows{0}));
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Above(Number(kMaxInt64 - 1), false))), (Rows{0}));
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Below(Number(kMinInt64), true))), (Rows{1, 4}));
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Below(Number(kMinInt64), false))), Rows{});
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Above(Number(9223372036854775808.0), true))), Rows{});
  EXPECT_EQ(RowsOf(index, NumbersIn(Set::Below(Number(9223372036854775808.0), false))),
            (Rows{0, 1, 2, 3, 4}));
}

TEST(ScalarIndexTest, ZeroOfEitherSignIsOneValue) {
  for (const DataType type : {DataType::kDouble, DataType::kFloat}) {
    const SealedScalarIndex index =
        type == DataType::kDouble
            ? MakeIndex(Column(type, 0, std::vector<double>{0.0, -0.0, 1, -1}))
            : MakeIndex(Column(type, 0, std::vector<float>{0.0f, -0.0f, 1, -1}));
    EXPECT_EQ(index.data().num_values, 3u);
    EXPECT_EQ(RowsOf(index, NumbersIn(IntervalSet<Number>::Point(Number(-0.0)))), (Rows{0, 1}));
    EXPECT_EQ(RowsOf(index, NumbersIn(IntervalSet<Number>::Above(Number(int64_t{0}), false))),
              (Rows{2}));
  }
}

TEST(ScalarIndexTest, FloatIsComparedAsTheDoubleItEquals) {
  const SealedScalarIndex index =
      MakeIndex(Column(DataType::kFloat, 0, std::vector<float>{0.1f, 0.5f}));
  EXPECT_EQ(RowsOf(index, NumbersIn(IntervalSet<Number>::Point(Number(0.1)))), Rows{});
  EXPECT_EQ(RowsOf(index, NumbersIn(IntervalSet<Number>::Point(Number(double{0.1f})))), (Rows{0}));
  EXPECT_EQ(RowsOf(index, NumbersIn(IntervalSet<Number>::Point(Number(0.5)))), (Rows{1}));
}

TEST(ScalarIndexTest, TextsAreOrderedAsBytes) {
  using namespace std::string_literals;
  using Set = IntervalSet<std::string>;
  const SealedScalarIndex index =
      MakeIndex(TextColumn({"\xff"s, "", "a\0"s, "a", "12345678b", "12345678a", ""}));
  EXPECT_EQ(RowsOf(index, TextsIn(Set::Point(""))), (Rows{1, 6}));
  EXPECT_EQ(RowsOf(index, TextsIn(Set::Point("a"))), (Rows{3}));
  EXPECT_EQ(RowsOf(index, TextsIn(Set::Above("a", false))), (Rows{0, 2}));
  EXPECT_EQ(RowsOf(index, TextsIn(Set::Between("12345678", true, "12345678b", false))), (Rows{5}));
  EXPECT_EQ(RowsOf(index, TextsIn(Set::Below("", false))), Rows{});
}

TEST(ScalarIndexTest, BoolsHaveTheirOwnSets) {
  const SealedScalarIndex index =
      MakeIndex(Column(DataType::kBool, 0, std::vector<uint8_t>{1, 0, 1}));
  EXPECT_EQ(RowsOf(index, {.bools = 0}), Rows{});
  EXPECT_EQ(RowsOf(index, {.bools = ValueSet::kFalse}), (Rows{1}));
  EXPECT_EQ(RowsOf(index, {.bools = ValueSet::kTrue}), (Rows{0, 2}));
  EXPECT_EQ(RowsOf(index, {.bools = ValueSet::kTrue | ValueSet::kFalse}), (Rows{0, 1, 2}));
}

TEST(ScalarIndexTest, ListOfTenThousandValuesIsFound) {
  std::vector<int64_t> values(20000);
  std::vector<Number> list;
  Words expected((values.size() + 63) / 64);
  for (size_t row = 0; row < values.size(); ++row) {
    const size_t at = row * 7919 % values.size();  // a permutation
    values[row] = static_cast<int64_t>(at) * 3;
    if (at % 2 != 0) continue;
    list.emplace_back(values[row]);
    expected[row / 64] |= uint64_t{1} << (row % 64);
  }
  const SealedScalarIndex index = MakeIndex(Column(DataType::kInt64, 0, values));
  const ValueSet set = NumbersIn(IntervalSet<Number>::Points(list));
  ASSERT_EQ(set.NumPoints(), 10000u);
  EXPECT_EQ(index.Count(set), 10000u);
  EXPECT_EQ(Marked(index, values.size(), set), expected);
}

TEST(ScalarIndexTest, MarkKeepsTheBitsThatAreThere) {
  const SealedScalarIndex index =
      MakeIndex(Column(DataType::kInt8, 0, std::vector<int8_t>{1, 2, 3}));
  uint64_t word = 0b100;
  index.Mark(NumbersIn(IntervalSet<Number>::Point(Number(int64_t{1}))), &word);
  EXPECT_EQ(word, 0b101u);
}

TEST(ScalarIndexTest, FormsAreThoseOfTheTypes) {
  EXPECT_EQ(ScalarFormOf(DataType::kBool), ScalarForm::kIntegers);
  EXPECT_EQ(ScalarFormOf(DataType::kInt64), ScalarForm::kIntegers);
  EXPECT_EQ(ScalarFormOf(DataType::kFloat), ScalarForm::kReals);
  EXPECT_EQ(ScalarFormOf(DataType::kVarChar), ScalarForm::kTexts);
  EXPECT_EQ(ScalarFormOf(DataType::kJson), ScalarForm::kNone);
  EXPECT_EQ(ScalarFormOf(DataType::kFloatVector), ScalarForm::kNone);
}

}  // namespace
}  // namespace vecdb::segment
