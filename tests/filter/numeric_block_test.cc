#include "filter/numeric_block.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>

#include "filter/arithmetic.h"
#include "filter/evaluate_testing.h"

namespace vecdb::filter {
namespace {

// The term on the left of `text op constant`.
Term TermOf(const std::string& text) { return RandomSchemaNode(text + " == 1").term; }

Numeric At(const NumericBlock& block, size_t row) {
  return block.is_real ? Numeric(block.reals[row]) : Numeric(block.integers[row]);
}

TEST(NumericBlockTest, TermsAreComputedAsRowByRow) {
  const std::vector<naive::Row> rows = RandomRows(400, 3);
  for (const bool constants : {false, true}) {
    const MemorySource source(naive::RandomFilterSchema(), rows, {.constants = constants}, 1);
    const Context context;
    BlockReader reader(source, context);
    for (const std::string text :
         {"i64 + i8", "i64 - i8",  "i64 * i8",       "i64 / i8", "i64 % i8", "i64 ** i8",
          "-i64",     "-d",        "d + f",          "d - i64",  "d * d",    "d / f",
          "d % f",    "f ** d",    "-(i64 + 1)",     "i64 / -1", "i64 % -1", "(i8 + 1) * (f - 2.5)",
          "i64 + 1",  "1.5 ** i8", "-i64 - i64 / i8"}) {
      const Term term = TermOf(text);
      ASSERT_TRUE(IsNumeric(term)) << text;
      ASSERT_OK(reader.MoveTo(0));
      BlockRows left = BlockRows::First(400);
      const auto block = ComputeTerm(term, reader, &left);
      ASSERT_OK(block);
      for (size_t row = 0; row < 400; ++row) {
        const naive::Operand expected = naive::ValueOf(term, rows[row]);
        ASSERT_EQ(left.contains(row), !expected.failed) << text << " row " << row;
        if (expected.failed) continue;
        const Numeric value = At(*block, row);
        ASSERT_EQ(std::holds_alternative<int64_t>(value), expected.value.is_number_integer());
        ASSERT_EQ(std::visit([](auto v) { return naive::Json(v); }, value), expected.value) << text;
      }
    }
  }
}

TEST(NumericBlockTest, RowsThatAreNotAskedForStayOut) {
  const MemorySource source(naive::RandomFilterSchema(), NumberedRows(100), {}, 1);
  const Context context;
  BlockReader reader(source, context);
  ASSERT_OK(reader.MoveTo(0));
  BlockRows rows = BlockRows::First(10);
  ASSERT_OK(ComputeTerm(TermOf("100 / i64"), reader, &rows));
  EXPECT_EQ(RowsIn(rows), (std::vector<size_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(NumericBlockTest, IntegersAndRealsAreComparedExactly) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  const std::vector<int64_t> integers = {
      0, 1, -1, kMax, kMax - 1, kMin, kMin + 1, 9007199254740993, 9007199254740992, -3};
  const std::vector<double> reals = {0.0,      -0.0,   0.5,    1.0,  9223372036854775808.0,
                                     -0x1p63,  1e300,  -1e300, -2.5, 9007199254740992.0,
                                     -0x1.8p1, 0x1p62, 5e-324};
  for (const double real : reals) {
    NumericBlock a{.integers = integers};
    NumericBlock b{.is_real = true, .reals = std::vector<double>(integers.size(), real)};
    for (const Operator op :
         {Operator::kEqual, Operator::kNotEqual, Operator::kLess, Operator::kLessEqual}) {
      BlockRows rows = BlockRows::First(static_cast<uint32_t>(integers.size()));
      BlockRows mirrored = rows;
      KeepWhere(a, op, b, &rows);
      KeepWhere(b, op, a, &mirrored);
      for (size_t row = 0; row < integers.size(); ++row) {
        EXPECT_EQ(rows.contains(row), naive::Holds(op, integers[row], real))
            << integers[row] << " " << OperatorText(op) << " " << real;
        EXPECT_EQ(mirrored.contains(row), naive::Holds(op, real, integers[row]))
            << real << " " << OperatorText(op) << " " << integers[row];
      }
    }
  }
}

TEST(NumericBlockTest, JsonAndOtherKindsAreNotNumeric) {
  EXPECT_TRUE(IsNumeric(TermOf("i8")));
  EXPECT_FALSE(IsNumeric(TermOf("x")));
  EXPECT_FALSE(IsNumeric(TermOf("x + 1")));
  EXPECT_FALSE(IsNumeric(RandomSchemaNode("v == \"a\"").term));
  EXPECT_FALSE(IsNumeric(RandomSchemaNode("b").term));
}

}  // namespace
}  // namespace vecdb::filter
