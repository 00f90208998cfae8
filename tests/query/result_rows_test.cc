#include "query/result_rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/status_testing.h"
#include "support/test_database.h"

namespace vecdb::query {
namespace {

SearchResultParts ThreeRows() {
  const Schema schema = support::TaggedSchema();
  RowBatch rows(schema);
  rows.SetInt64("id", std::vector<int64_t>{5, 7, 6});
  rows.SetVarChar("tag", std::vector<std::string>{"a", "b", "c"});
  return {.shape = {.metric = Metric::kIp, .limit = 2},
          .rows = std::move(rows),
          .scores = {3, 2, 4},
          .ends = {2, 2, 3},
          .partial = true,
          .stats = {.filter = "tag != \"\""}};
}

std::string MessageOf(SearchResultParts parts) {
  const auto made = SearchResult::Make(std::move(parts));
  EXPECT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(made.status().message());
}

TEST(ResultRowsTest, PartsBecomeAResult) {
  const auto result = SearchResult::Make(ThreeRows());
  ASSERT_OK(result);
  ASSERT_EQ(result->num_queries(), 3u);
  ASSERT_EQ(result->hits(0).size(), 2u);
  EXPECT_TRUE(result->hits(1).empty());
  ASSERT_EQ(result->hits(2).size(), 1u);
  EXPECT_EQ(result->hits(0)[1].int64_key(), 7);
  EXPECT_EQ(result->hits(0)[1].score(), 2);
  EXPECT_EQ(result->hits(2)[0].GetVarChar("tag"), "c");
  EXPECT_EQ(result->shape(), (ResultShape{.metric = Metric::kIp, .limit = 2}));
  EXPECT_TRUE(result->partial());
  EXPECT_EQ(result->stats().filter, "tag != \"\"");
}

TEST(ResultRowsTest, ResultWithoutRowsNeedsNoColumns) {
  const auto result =
      SearchResult::Make({.rows = RowBatch(support::TaggedSchema()), .ends = {0, 0}});
  ASSERT_OK(result);
  EXPECT_EQ(result->num_queries(), 2u);
  EXPECT_TRUE(result->hits(1).empty());
}

TEST(ResultRowsTest, PartsThatDoNotBelongTogetherAreRefused) {
  SearchResultParts parts = ThreeRows();
  parts.scores.pop_back();
  EXPECT_EQ(MessageOf(std::move(parts)), "scores: 2 of them for 3 rows");
  parts = ThreeRows();
  parts.scores[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(MessageOf(std::move(parts)), "scores: that of row 1 is NaN");
  parts = ThreeRows();
  parts.ends = {2, 1, 3};
  EXPECT_EQ(MessageOf(std::move(parts)), "ends: one is below that of an earlier query");
  parts = ThreeRows();
  parts.ends = {2};
  EXPECT_EQ(MessageOf(std::move(parts)), "ends: the hits of the last query stop at 2 of 3 rows");
  parts = ThreeRows();
  parts.ends = {2, 4};
  EXPECT_EQ(MessageOf(std::move(parts)), "ends: the hits of the last query stop at 4 of 3 rows");
  parts = ThreeRows();
  parts.ends.clear();
  EXPECT_EQ(MessageOf(std::move(parts)), "ends: the hits of the last query stop at 0 of 3 rows");
  parts = ThreeRows();
  parts.shape.metric = static_cast<Metric>(0);
  EXPECT_EQ(MessageOf(std::move(parts)), "metric: 0 is none");
}

TEST(ResultRowsTest, RowsThatAreNoneAreRefused) {
  SearchResultParts parts = ThreeRows();
  parts.rows.SetVarChar("tag", std::vector<std::string>{"a"});
  EXPECT_EQ(MessageOf(std::move(parts)), "column \"tag\" has 1 values, another has 3");
  parts = ThreeRows();
  parts.rows.SetVarChar("no such", std::vector<std::string>{"a"});
  EXPECT_EQ(MessageOf(std::move(parts)), "the schema has no field \"no such\"");
  RowBatch without_key(support::TaggedSchema());
  without_key.SetVarChar("tag", std::vector<std::string>(3));
  EXPECT_EQ(MessageOf({.rows = without_key}), "no column \"id\", the primary key");
}

TEST(ResultRowsTest, SchemaHasOneKeyOfAKeysType) {
  EXPECT_EQ(MessageOf({}), "the schema has 0 primary keys, not one");
  Schema schema = support::TaggedSchema();
  schema.fields[1].primary_key = true;
  EXPECT_EQ(MessageOf({.rows = RowBatch(schema)}), "the schema has 2 primary keys, not one");
  schema.fields[0].primary_key = false;
  schema.fields[1].type = DataType::kJson;
  EXPECT_EQ(MessageOf({.rows = RowBatch(schema)}), "the primary key \"tag\" is of type Json");
}

}  // namespace
}  // namespace vecdb::query
