#include "filter/node.h"

#include <gtest/gtest.h>

#include "filter/filter_testing.h"

namespace vecdb::filter {
namespace {

TEST(NodeTest, UniverseFollowsFromTheTerm) {
  const auto universe = [](const char* text) { return UniverseOf(NodeOf(text).term); };
  const Universe tiny = universe("tiny == 1");
  EXPECT_EQ(tiny.numbers, Universe::Numbers::kIntegers);
  EXPECT_EQ(tiny.min, -128);
  EXPECT_EQ(tiny.max, 127);
  EXPECT_FALSE(tiny.other);
  EXPECT_EQ(universe("x == 1").numbers, Universe::Numbers::kReals);
  EXPECT_EQ(universe("flag"), Universe{.bools = true});
  EXPECT_EQ(universe("s == \"x\""), Universe{.strings = true});
  const Universe json = universe("j[0] == 1");
  EXPECT_TRUE(json.strings && json.bools && json.other);
  EXPECT_EQ(universe("a + 1 == 2").numbers, Universe::Numbers::kIntegers);
  EXPECT_EQ(universe("a + 0.5 == 2").numbers, Universe::Numbers::kReals);
  const Universe sum = universe("j[0] + 1 == 2");
  EXPECT_TRUE(sum.other && !sum.strings && !sum.bools);
}

TEST(NodeTest, ArithmeticMayHaveNoResult) {
  EXPECT_TRUE(AlwaysHasResult(NodeOf("a == 1").term));
  EXPECT_TRUE(AlwaysHasResult(NodeOf("j[0] == 1").term));
  EXPECT_FALSE(AlwaysHasResult(NodeOf("a + 1 == 1").term));
  EXPECT_FALSE(AlwaysHasResult(NodeOf("-a == 1").term));
}

}  // namespace
}  // namespace vecdb::filter
