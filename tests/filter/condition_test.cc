#include "filter/condition.h"

#include <gtest/gtest.h>

#include "support/status_testing.h"

namespace vecdb::filter {
namespace {

Schema TestSchema() {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "v", .type = DataType::kFloatVector, .dim = 2}}};
}

TEST(ConditionTest, WithoutParametersItIsReady) {
  const auto condition = Condition::Parse(TestSchema(), "id == 1");
  ASSERT_OK(condition);
  EXPECT_TRUE((*condition)->parameters().empty());
  ASSERT_NE((*condition)->node(), nullptr);
  EXPECT_EQ((*condition)->node()->kind, Node::Kind::kSet);
  const auto bound = (*condition)->Bind({});
  ASSERT_OK(bound);
  EXPECT_EQ((*bound)->ToString(), "id == 1");
}

TEST(ConditionTest, WithParametersItIsReadyWhenTheyAreBound) {
  const auto condition = Condition::Parse(TestSchema(), "id in {b} or id == {a} or id == {a} + 1");
  ASSERT_OK(condition);
  EXPECT_EQ((*condition)->parameters(), (std::set<std::string>{"a", "b"}));
  EXPECT_EQ((*condition)->node(), nullptr);
  const auto bound = (*condition)->Bind({{"a", 3}, {"b", std::vector<int64_t>{7, 9}}});
  ASSERT_OK(bound);
  ASSERT_NE((*bound)->node(), nullptr);
  EXPECT_TRUE((*bound)->parameters().empty());
  EXPECT_EQ((*bound)->ToString(), "3 <= id <= 4 or id in [7, 9]");
  // The condition is as it was.
  EXPECT_EQ((*condition)->ToString(), "id in {b} or id == {a} or id == {a} + 1");
  EXPECT_EQ((*(*condition)->Bind({{"a", 1}, {"b", FilterValue::List()}}))->ToString(),
            "1 <= id <= 2");
}

}  // namespace
}  // namespace vecdb::filter
