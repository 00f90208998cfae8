#include <gtest/gtest.h>

#include "filter/evaluate_testing.h"
#include "filter/leaf.h"

namespace vecdb::filter {
namespace {

using Steps = std::vector<PathStep>;

constexpr DataType kTypes[] = {DataType::kBool, DataType::kInt64, DataType::kDouble,
                               DataType::kVarChar};

const std::vector<std::string> kConditions = {"x == 1",
                                              "x != 1",
                                              "x in [1, 2.5, \"a\", true, \"\", 0]",
                                              "x > 0",
                                              "not (x > 0)",
                                              "x == \"a\"",
                                              "x != \"a\"",
                                              "x like \"%a%\"",
                                              "not (x like \"a%b\")",
                                              "exists x",
                                              "not exists x",
                                              "json_contains(x, 1)",
                                              "not json_contains(x, 1)",
                                              "json_contains_all(x, [1, 2])",
                                              "json_contains_any(x, [3, [1, 2], \"a\"])",
                                              "x == true",
                                              "x != false",
                                              "x[0] == 1",
                                              "exists x[\"a\"]",
                                              "j[\"a\"] == 1",
                                              "json_contains(j, 1)",
                                              "not json_contains_any($meta, [1])"};

TEST(JsonLeafTest, ConditionsOnTextFindTheirRows) { ExpectAsNaive(kConditions, {}); }

TEST(JsonLeafTest, ConditionsOnShreddedPathsOfEveryTypeFindTheirRows) {
  for (const DataType type : kTypes) {
    MemorySourceOptions options{.constants = true};
    for (const Steps& path : {Steps{"x"}, Steps{"x", 0}, Steps{"x", "a"}, Steps{"a"}}) {
      options.paths.emplace_back(path, type);
    }
    ExpectAsNaive(kConditions, options);
  }
}

// Two columns instead of the text.
TEST(JsonLeafTest, TheTextIsLeftAloneWhereTheColumnsSayAll) {
  std::vector<naive::Row> rows = RandomRows(100, 3);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i]["$meta"] = i % 4 == 0 ? naive::Json::object() : naive::Json({{"x", i % 5}});
  }
  const MemorySource source(naive::RandomFilterSchema(), rows,
                            {.paths = {{Steps{"x"}, DataType::kInt64}}}, 1);
  for (const auto& [text, reads] : std::vector<std::pair<std::string, uint64_t>>{
           {"x == 3", 2}, {"x != 3", 2}, {"exists x", 1}, {"x like \"%a%b%\"", 2}}) {
    EvaluationStats stats;
    EXPECT_EQ(Evaluated(text, source, &stats), Expected(text, rows));
    EXPECT_EQ(stats.blocks_read, reads) << text;
  }
}

TEST(JsonLeafTest, StatisticsOfThePathDecideWithoutReading) {
  std::vector<naive::Row> rows = RandomRows(50, 3);
  for (naive::Row& row : rows) row["$meta"] = naive::Json({{"x", 7}});
  const MemorySource source(naive::RandomFilterSchema(), rows,
                            {.statistics = true, .paths = {{Steps{"x"}, DataType::kInt64}}}, 1);
  EXPECT_EQ(Evaluated("x == 7", source).size(), 50u);
  EXPECT_EQ(Evaluated("exists x", source).size(), 50u);
  EXPECT_EQ(Evaluated("x > 7", source).size(), 0u);
  EXPECT_EQ(Evaluated("json_contains(x, 7)", source).size(), 0u);
  EXPECT_EQ(source.num_reads, 0u);
}

TEST(JsonLeafTest, LongTextsNoticeACancelWithinABlock) {
  std::vector<naive::Row> rows(300, RandomRows(1, 3)[0]);
  for (naive::Row& row : rows) row["$meta"] = naive::Json({{"z", std::string(1000, 'a')}});
  const MemorySource source(naive::RandomFilterSchema(), rows, {}, 1);
  const Context context{.cancel = CancelToken::Make()};
  BlockReader reader(source, context);
  EXPECT_OK(reader.MoveTo(0));
  const auto leaf = MakeJsonLeaf(RandomSchemaNode("x == 1"));
  context.cancel.Cancel();
  BlockRows kept = BlockRows::First(300);
  EXPECT_EQ(leaf->Keep(leaf->Plan(source), reader, &kept).code(), absl::StatusCode::kCancelled);
}

// Each text is short, yet much work for the condition.
TEST(JsonLeafTest, ConditionsThatAreMuchWorkNoticeACancel) {
  std::vector<naive::Row> rows(100, RandomRows(1, 3)[0]);
  for (naive::Row& row : rows) row["$meta"] = naive::Json({{"x", "abc"}});
  const MemorySource source(naive::RandomFilterSchema(), rows, {}, 1);
  std::string pattern = "%";
  std::string lists = "[0]";
  for (int i = 1; i < 500; ++i) {
    pattern += "a_";
    lists += ", [" + std::to_string(i) + "]";
  }
  for (const auto& [text, code] : std::vector<std::pair<std::string, absl::StatusCode>>{
           {"x like \"" + pattern + "%\"", absl::StatusCode::kCancelled},
           {"json_contains_any(x, [" + lists + "])", absl::StatusCode::kCancelled},
           {"json_contains_all(x, [" + lists + "])", absl::StatusCode::kCancelled},
           {"x like \"%a%c_\"", absl::StatusCode::kOk},
           {"json_contains_any(x, [1, 2])", absl::StatusCode::kOk}}) {
    const Context context{.cancel = CancelToken::Make()};
    BlockReader reader(source, context);
    EXPECT_OK(reader.MoveTo(0));
    const auto leaf = MakeJsonLeaf(RandomSchemaNode(text));
    context.cancel.Cancel();
    BlockRows kept = BlockRows::First(100);
    EXPECT_EQ(leaf->Keep(leaf->Plan(source), reader, &kept).code(), code) << text;
  }
}

}  // namespace
}  // namespace vecdb::filter
