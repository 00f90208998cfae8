// What a condition becomes; the text files of tests/filter/language show the normal forms.
#include "filter/build.h"

#include <gtest/gtest.h>

#include "filter/filter_testing.h"

namespace vecdb::filter {
namespace {

TEST(BuildNodeTest, ConditionsOnOneValueBecomeSets) {
  for (const char* text : {"a == 1", "a != 1", "a < 1", "1 < a < 9", "a in [1, 2]", "flag",
                           "s like \"ab%\"", "s like \"ab\"", "j[0] == 1", "a + b == 1"}) {
    EXPECT_EQ(NodeOf(text).kind, Node::Kind::kSet) << text;
  }
}

TEST(BuildNodeTest, OtherConditionsStayWhatTheyAre) {
  EXPECT_EQ(NodeOf("a < b").kind, Node::Kind::kCompare);
  EXPECT_EQ(NodeOf("s like \"%ab\"").kind, Node::Kind::kLike);
  EXPECT_EQ(NodeOf("exists j[0]").kind, Node::Kind::kExists);
  EXPECT_EQ(NodeOf("json_contains(j, 1)").kind, Node::Kind::kContains);
}

TEST(BuildNodeTest, NotGoesToTheLeaves) {
  const Node either = NodeOf("not (a == 1 and b == 2)");
  EXPECT_EQ(either.kind, Node::Kind::kOr);
  EXPECT_FALSE(either.negated);
  const Node less = NodeOf("not (a < b)");
  EXPECT_EQ(less.op, Operator::kLessEqual);  // b <= a
  EXPECT_FALSE(less.negated);
  EXPECT_TRUE(NodeOf("not (j[0] < b)").negated);
  EXPECT_FALSE(NodeOf("not (j[0] == b)").negated);
  EXPECT_EQ(NodeOf("not (j[0] == b)").op, Operator::kNotEqual);
  EXPECT_TRUE(NodeOf("not (s like \"%ab\")").negated);
  EXPECT_TRUE(NodeOf("not exists j[0]").negated);
  EXPECT_FALSE(NodeOf("not not exists j[0]").negated);
}

TEST(BuildNodeTest, ComparisonsOfTwoValuesLookOneWay) {
  for (const char* text : {"a > b", "b < a", "not (a <= b)"}) {
    const Node node = NodeOf(text);
    EXPECT_EQ(node.op, Operator::kLess) << text;
    EXPECT_EQ(node.term.name, "b") << text;
    EXPECT_EQ(node.right.name, "a") << text;
  }
}

TEST(BuildNodeTest, WithoutParametersTheRestIsChecked) {
  const Schema schema = FilterSchema();
  const auto code = [&schema](const std::string& text) {
    return support::CodeOf(BuildNode(*ParseFilter(text), text, schema, nullptr));
  };
  EXPECT_EQ(code("a == {p} and s == {q}"), absl::StatusCode::kOk);
  EXPECT_EQ(code("a == {p} and s == 1"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("flag < {p}"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("s + {p} == 1"), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vecdb::filter
