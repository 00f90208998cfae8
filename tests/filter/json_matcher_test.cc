#include "filter/json_matcher.h"

#include <gtest/gtest.h>

#include <string>

#include "filter/evaluate_testing.h"

namespace vecdb::filter {
namespace {

using naive::Json;

TEST(JsonMatcherTest, SetsContainValuesOfEveryKindAsTheNaiveEvaluatorSays) {
  const uint64_t seed = support::TestSeed("JsonMatcherTest");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  const std::vector<std::string> filters = {"x == 1",
                                            "x != 1",
                                            "x < 2.5",
                                            "x in [1, \"a\", true]",
                                            "not (x in [0, \"\", false])",
                                            "x like \"a%\"",
                                            "x == 1 or x == \"b\" or x >= 1e19",
                                            "x == 9223372036854775807"};
  std::string buffer;
  for (const std::string& filter : filters) {
    const Node node = RandomSchemaNode(filter);
    ASSERT_EQ(node.kind, Node::Kind::kSet) << filter;
    const JsonMatcher matcher(node.set);
    EXPECT_EQ(matcher.contains_other(), node.set.other);
    naive::RandomRow rows(random);
    for (int i = 0; i < 100; ++i) {
      const Json row = rows.Next()["$meta"];
      if (!row.contains("x")) continue;
      const std::string text = row["x"].dump();
      EXPECT_EQ(matcher.Contains(schema::ReadJsonScalar(text, &buffer)),
                naive::Has(node.set, row["x"]))
          << filter << " of " << text;
    }
  }
}

TEST(JsonMatcherTest, WhatIsMissingCountsAsOther) {
  EXPECT_TRUE(JsonMatcher(RandomSchemaNode("x != 1").set).Contains({}));
  EXPECT_FALSE(JsonMatcher(RandomSchemaNode("x == 1").set).Contains({}));
}

struct JsonCase {
  Quantifier quantifier;
  FilterValue wanted;
  std::string array;
  bool holds;
};

TEST(ArrayMatcherTest, ArraysHoldOneValueAllOrAny) {
  using List = FilterValue::List;
  const std::string array = R"([1, 2.5, "a\u0062", true, [1, 2.0], null, {"k": 1}])";
  const JsonCase cases[] = {
      {Quantifier::kOne, 1, array, true},
      {Quantifier::kOne, 1.0, array, true},
      {Quantifier::kOne, 2, array, false},
      {Quantifier::kOne, "ab", array, true},
      {Quantifier::kOne, "a", array, false},
      {Quantifier::kOne, true, array, true},
      {Quantifier::kOne, false, array, false},
      {Quantifier::kOne, List{1, 2}, array, true},
      {Quantifier::kOne, List{1}, array, false},
      {Quantifier::kOne, List{1, 2, 3}, array, false},
      {Quantifier::kOne, List{}, array, false},
      {Quantifier::kOne, List{}, "[[]]", true},
      {Quantifier::kAny, List{7, "ab"}, array, true},
      {Quantifier::kAny, List{7, List{1, 2}}, array, true},
      {Quantifier::kAny, List{7, "x"}, array, false},
      {Quantifier::kAny, List{}, array, false},
      {Quantifier::kAll, List{1, "ab", true, List{1, 2}}, array, true},
      {Quantifier::kAll, List{1, 1, 1.0}, array, true},
      {Quantifier::kAll, List{1, 3}, array, false},
      {Quantifier::kAll, List{1, false}, array, false},
      {Quantifier::kAll, List{1, List{2}}, array, false},
      {Quantifier::kAll, List{}, array, true},
      {Quantifier::kAll, List{}, "[]", true},
      {Quantifier::kAll, List{1}, "[1, 1, 1]", true},
      {Quantifier::kAll, List{1, 2}, "[1, 1]", false},
      {Quantifier::kOne, 9007199254740993, "[9007199254740992.0]", false},
  };
  for (const JsonCase& c : cases) {
    EXPECT_EQ(ArrayMatcher(c.quantifier, c.wanted).Contains(c.array), c.holds)
        << naive::JsonOf(c.wanted).dump() << " in " << c.array;
    EXPECT_EQ(naive::Contains(c.quantifier, &static_cast<const Json&>(Json::parse(c.array)),
                              naive::JsonOf(c.wanted)),
              c.holds);
  }
}

TEST(ArrayMatcherTest, LongListsTakeTimeInProportionToTheArray) {
  FilterValue::List wanted;
  std::string array = "[0";
  for (int i = 0; i < 5'000; ++i) {
    wanted.emplace_back(i);
    array += "," + std::to_string(4'999 - i);
  }
  EXPECT_TRUE(ArrayMatcher(Quantifier::kAll, wanted).Contains(array + "]"));
  wanted.emplace_back(5'000);
  EXPECT_FALSE(ArrayMatcher(Quantifier::kAll, wanted).Contains(array + "]"));
}

}  // namespace
}  // namespace vecdb::filter
