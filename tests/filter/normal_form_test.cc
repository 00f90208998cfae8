#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "filter/build.h"
#include "filter/naive_filter.h"
#include "filter/naive_node.h"
#include "filter/number.h"
#include "filter/parse.h"
#include "filter/print.h"
#include "filter/random_filter.h"
#include "filter/random_row.h"
#include "support/seeded_random.h"

namespace vecdb::filter {
namespace {

using naive::Row;
using naive::Truth;

constexpr size_t kDrawnRows = 1009;
constexpr size_t kRowsPerFilter = 20;

std::string TextOf(const Row& row) { return naive::Json(row).dump(); }

// What node.h says of the form.
void ExpectNormal(const Node& node) {
  const bool junction = node.kind == Node::Kind::kAnd || node.kind == Node::Kind::kOr;
  EXPECT_EQ(junction, node.children.size() >= 2);
  std::string before;
  for (const Node& child : node.children) {
    EXPECT_NE(child.kind, node.kind);
    EXPECT_NE(child.kind, Node::Kind::kFalse);
    EXPECT_NE(child.kind, Node::Kind::kTrue);
    EXPECT_LT(std::exchange(before, NodeText(child)), NodeText(child));
    ExpectNormal(child);
  }
  if (node.kind == Node::Kind::kSet) {
    EXPECT_EQ(Normalize(node.set, UniverseOf(node.term)), node.set);
    EXPECT_FALSE(node.set.is_empty());
    EXPECT_FALSE(node.negated);
  }
  if (node.kind == Node::Kind::kCompare) {
    EXPECT_LE(node.op, Operator::kLessEqual);
    EXPECT_GE(node.op, Operator::kEqual);
    EXPECT_NE(node.term.kind, Term::Kind::kConstant);
    EXPECT_NE(node.right.kind, Term::Kind::kConstant);
  }
}

class NormalFormTest : public testing::Test {
 protected:
  void MakeRows(support::SeededRandom& random) {
    naive::RandomRow source(random);
    while (rows_.size() < kDrawnRows) rows_.push_back(source.Next());
  }

  // The normal form of `text`; nothing when it does not fit the schema.
  std::optional<Node> Build(const std::string& text, const FilterParameters* parameters) const {
    const auto expr = ParseFilter(text);
    EXPECT_TRUE(expr.ok()) << expr.status();
    if (!expr.ok()) return std::nullopt;
    auto node = BuildNode(*expr, text, schema_, parameters);
    return node.ok() ? std::optional<Node>(*std::move(node)) : std::nullopt;
  }

  void CheckRows(const std::string& text, const Node& node, const Node& again, size_t first) {
    const auto expr = ParseFilter(text);
    for (size_t i = 0; i < kRowsPerFilter; ++i) {
      const Row& row = rows_[(first + i) % rows_.size()];
      const Truth truth = naive::Evaluate(*expr, schema_, row, parameters_);
      ++counts_[static_cast<size_t>(truth)];
      ASSERT_EQ(naive::EvaluateNode(node, row), truth == Truth::kYes) << TextOf(row);
      ASSERT_EQ(naive::EvaluateNode(again, row), truth == Truth::kYes) << TextOf(row);
    }
  }

  // False when the filter does not fit the schema.
  bool Check(const std::string& text, size_t first_row) {
    SCOPED_TRACE("filter: " + text);
    const auto node = Build(text, &parameters_);
    if (!node.has_value()) return false;
    const std::string normal = NodeText(*node);
    SCOPED_TRACE("normal form: " + normal);
    ExpectNormal(*node);
    const auto again = Build(normal, nullptr);
    EXPECT_TRUE(again.has_value());
    if (!again.has_value()) return true;
    EXPECT_EQ(NodeText(*again), normal);
    const auto written = Build(ExprText(*ParseFilter(text)), &parameters_);
    EXPECT_TRUE(written.has_value() && NodeText(*written) == normal);
    CheckRows(text, *node, *again, first_row);
    return true;
  }

  const Schema schema_ = naive::RandomFilterSchema();
  const FilterParameters parameters_ = naive::RandomFilterParameters();
  std::vector<Row> rows_;
  uint64_t counts_[3] = {};
};

TEST_F(NormalFormTest, FloatFieldsAreComparedWithTheNearestFloat) {
  constexpr double kGreatest = std::numeric_limits<float>::max();
  const std::pair<const char*, double> kCases[] = {
      {"0.1", static_cast<double>(0.1F)},
      // 2^60 + 2^36 + 1: nearer to 2^60 + 2^37, though as a double it lies between two floats.
      {"1152921573326323713", 1152921642045800448.0},
      {"3.4028235e38", kGreatest},
      {"-3.4028235e38", -kGreatest},
      {"3.4028236e38", 3.4028236e38},
  };
  for (const auto& [constant, compared] : kCases) {
    const auto node = Build(absl::StrCat("f == ", constant), nullptr);
    ASSERT_TRUE(node.has_value());
    EXPECT_EQ(node->set.numbers, IntervalSet<Number>::Point(Number(compared))) << constant;
  }
}

TEST_F(NormalFormTest, SignsNestNoDeeperThanTheyWereWritten) {
  const std::string text = std::string(kMaxFilterDepth - 2, '-') + "i64 <= 5";
  const auto node = Build(text, nullptr);
  ASSERT_TRUE(node.has_value());
  EXPECT_EQ(NodeText(*node), text);
}

TEST_F(NormalFormTest, RandomFiltersMeanWhatTheirNormalFormsMean) {
  const uint64_t seed = support::TestSeed("NormalFormTest.Random");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  MakeRows(random);
  const int filters = support::ScaledCount(20'000);
  int accepted = 0;
  for (int i = 0; i < filters && !HasFailure(); ++i) {
    naive::RandomFilter filter(random);
    accepted += Check(filter.Condition(i % 5), random.Below(kDrawnRows)) ? 1 : 0;
  }
  RecordProperty("seed", std::to_string(seed));
  RecordProperty("filters", filters);
  RecordProperty("accepted", accepted);
  for (const Truth truth : {Truth::kNo, Truth::kYes, Truth::kFailed}) {
    RecordProperty("rows_" + std::to_string(static_cast<int>(truth)),
                   std::to_string(counts_[static_cast<size_t>(truth)]));
  }
  if (HasFailure() || filters < 1000) return;
  EXPECT_GE(accepted, filters * 6 / 10);
  const uint64_t rows = counts_[0] + counts_[1] + counts_[2];
  EXPECT_GE(counts_[static_cast<size_t>(Truth::kNo)], rows / 5);
  EXPECT_GE(counts_[static_cast<size_t>(Truth::kYes)], rows / 5);
  EXPECT_GE(counts_[static_cast<size_t>(Truth::kFailed)], rows / 100);
}

}  // namespace
}  // namespace vecdb::filter
