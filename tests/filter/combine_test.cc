#include "filter/combine.h"

#include <gtest/gtest.h>

#include "filter/filter_testing.h"
#include "filter/print.h"

namespace vecdb::filter {
namespace {

std::string Joined(Node::Kind kind, const std::vector<std::string>& texts) {
  std::vector<Node> nodes;
  for (const std::string& text : texts) nodes.push_back(NodeOf(text));
  return NodeText(Combine(kind, std::move(nodes)));
}

TEST(CombineTest, NothingJoinedIsNeutral) {
  EXPECT_EQ(Joined(Node::Kind::kAnd, {}), "true");
  EXPECT_EQ(Joined(Node::Kind::kOr, {}), "false");
}

TEST(CombineTest, OneConditionStaysItself) {
  EXPECT_EQ(Joined(Node::Kind::kAnd, {"a < b"}), "a < b");
  EXPECT_EQ(Joined(Node::Kind::kOr, {"a < b", "false", "a < b"}), "a < b");
}

TEST(CombineTest, ConstantsDecideOrGo) {
  EXPECT_EQ(Joined(Node::Kind::kAnd, {"a < b", "false"}), "false");
  EXPECT_EQ(Joined(Node::Kind::kOr, {"a < b", "true"}), "true");
  EXPECT_EQ(Joined(Node::Kind::kAnd, {"a < b", "true"}), "a < b");
}

TEST(CombineTest, SetsOfOneTermBecomeOne) {
  EXPECT_EQ(Joined(Node::Kind::kAnd, {"a > 1", "s == \"x\"", "a < 9", "a != 5"}),
            "(2 <= a <= 4 or 6 <= a <= 8) and s == \"x\"");
  EXPECT_EQ(Joined(Node::Kind::kOr, {"a < 1", "a > 9", "a == 1"}), "a <= 1 or a >= 10");
  EXPECT_EQ(Joined(Node::Kind::kAnd, {"a > 1", "a < 1", "b < c"}), "false");
  EXPECT_EQ(Joined(Node::Kind::kOr, {"a > 1", "a <= 1", "b < c"}), "true");
}

TEST(CombineTest, JunctionsOfTheSameKindAreFlat) {
  const Node node = Combine(Node::Kind::kOr, {NodeOf("a < b or s like \"%x\""), NodeOf("b < c")});
  EXPECT_EQ(node.children.size(), 3u);
  EXPECT_EQ(NodeText(node), "a < b or b < c or s like \"%x\"");
}

TEST(CombineTest, SetOfEveryValueHoldsOnlyWhereThereIsOne) {
  Term field = NodeOf("a == 1").term;
  EXPECT_EQ(SetNode(field, {.numbers = IntervalSet<Number>::All()}).kind, Node::Kind::kTrue);
  Term sum = NodeOf("a + b == 1").term;
  EXPECT_EQ(SetNode(sum, {.numbers = IntervalSet<Number>::All()}).kind, Node::Kind::kSet);
  EXPECT_EQ(SetNode(sum, {}).kind, Node::Kind::kFalse);
}

}  // namespace
}  // namespace vecdb::filter
