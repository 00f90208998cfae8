#include "filter/program.h"

#include <gtest/gtest.h>

#include "filter/evaluate_testing.h"

namespace vecdb::filter {
namespace {

TEST(ProgramTest, ItKnowsTheColumnsThatItReads) {
  using Columns = std::vector<size_t>;
  EXPECT_EQ(ProgramOf("i64 == 1")->columns(), Columns{0});
  EXPECT_EQ(ProgramOf("x == 1 or (i8 < i64 and j[\"a\"] + f > 2)")->columns(),
            (Columns{0, 2, 3, 6, 8}));
  EXPECT_EQ(ProgramOf("v == \"a\" and (v like \"%b\" or exists x)")->columns(), (Columns{5, 8}));
  EXPECT_EQ(ProgramOf("1 < 2")->columns(), Columns{});
}

TEST(ProgramTest, ConstantConditionsAreSaidToBe) {
  EXPECT_TRUE(ProgramOf("1 < 2")->AlwaysMatches());
  EXPECT_FALSE(ProgramOf("1 < 2")->NeverMatches());
  EXPECT_TRUE(ProgramOf("i64 > 3 and i64 < 2")->NeverMatches());
  EXPECT_FALSE(ProgramOf("i64 == 1")->AlwaysMatches());
  EXPECT_FALSE(ProgramOf("i64 == 1")->NeverMatches());
}

TEST(ProgramTest, StepsFollowTheCondition) {
  const auto program = ProgramOf("i64 == 1 and (i8 == 2 or b)");
  const Program::Step& root = program->root();
  EXPECT_EQ(root.kind, Node::Kind::kAnd);
  EXPECT_EQ(root.leaf, nullptr);
  ASSERT_EQ(root.children.size(), 2u);
  EXPECT_NE(root.children[1].leaf, nullptr);
  EXPECT_EQ(root.children[0].kind, Node::Kind::kOr);
  EXPECT_EQ(root.children[0].children.size(), 2u);
}

}  // namespace
}  // namespace vecdb::filter
