#include <gtest/gtest.h>

#include <utility>

#include "support/test_database.h"

namespace vecdb::support {
namespace {

class SearchResultTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Schema schema{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                                   {.name = "bool", .type = DataType::kBool},
                                   {.name = "int8", .type = DataType::kInt8},
                                   {.name = "int16", .type = DataType::kInt16},
                                   {.name = "int32", .type = DataType::kInt32},
                                   {.name = "float", .type = DataType::kFloat},
                                   {.name = "double", .type = DataType::kDouble},
                                   {.name = "text", .type = DataType::kVarChar, .max_length = 8},
                                   {.name = "json", .type = DataType::kJson},
                                   {.name = "v", .type = DataType::kFloatVector, .dim = 2}},
                        .enable_dynamic_field = true};
    collection_ = *db_->CreateCollection("c", schema);
    ASSERT_OK(collection_->CreateIndex("v", Flat()));
    for (const char* row :
         {R"([{"id":1,"bool":true,"int8":-8,"int16":-16,"int32":-32,"float":0.5,"double":0.25,
               "text":"one","json":{"a":1},"v":[1,2],"more":1}])",
          R"([{"id":2,"bool":false,"int8":8,"int16":16,"int32":32,"float":1.5,"double":1.25,
               "text":"two","json":[],"v":[3,4]}])"}) {
      ASSERT_OK(collection_->Insert(*RowBatch::FromJson(schema, row)));
      ASSERT_OK(collection_->Flush());  // two segments
    }
  }

  SearchResult Search(std::vector<float> vectors, std::vector<std::string> fields) {
    return *collection_->Search({.vectors = vectors, .output_fields = std::move(fields)});
  }

  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
};

TEST_F(SearchResultTest, HitsGiveEveryTypeOfField) {
  const SearchResult result = Search({3, 4}, {"bool", "int8", "int16", "int32", "id", "float",
                                              "double", "text", "json", "v", "$meta"});
  ASSERT_EQ(result.hits(0).size(), 2u);
  const Hit& hit = result.hits(0)[1];
  EXPECT_EQ(hit.score(), 8.0f);
  EXPECT_EQ(hit.int64_key(), 1);
  EXPECT_TRUE(hit.GetBool("bool"));
  EXPECT_FALSE(result.hits(0)[0].GetBool("bool"));
  EXPECT_EQ(hit.GetInt64("int8"), -8);
  EXPECT_EQ(hit.GetInt64("int16"), -16);
  EXPECT_EQ(hit.GetInt64("int32"), -32);
  EXPECT_EQ(hit.GetInt64("id"), 1);
  EXPECT_EQ(hit.GetDouble("float"), 0.5);
  EXPECT_EQ(hit.GetDouble("double"), 0.25);
  EXPECT_EQ(hit.GetVarChar("text"), "one");
  EXPECT_EQ(hit.GetJson("json"), R"({"a":1})");
  EXPECT_EQ(hit.GetJson("$meta"), R"({"more":1})");
  EXPECT_EQ(hit.GetFloatVector("v")[1], 2.0f);
}

TEST_F(SearchResultTest, FieldsOfAnotherTypeOrNotAskedForAreEmpty) {
  const SearchResult result = Search({1, 2}, {"text", "v"});
  const Hit& hit = result.hits(0)[0];
  EXPECT_EQ(hit.varchar_key(), "");
  EXPECT_EQ(hit.GetInt64("text"), 0);
  EXPECT_EQ(hit.GetDouble("text"), 0);
  EXPECT_FALSE(hit.GetBool("text"));
  EXPECT_EQ(hit.GetJson("text"), "");
  EXPECT_EQ(hit.GetVarChar("v"), "");
  EXPECT_TRUE(hit.GetFloatVector("text").empty());
  EXPECT_EQ(hit.GetInt64("int8"), 0);
  EXPECT_EQ(hit.GetVarChar("no_such_field"), "");
}

TEST_F(SearchResultTest, RowsHoldTheHitsOfOneQueryAfterAnother) {
  const SearchResult result = Search({1, 2, 3, 4, 3, 3}, {"text"});
  EXPECT_EQ(result.num_queries(), 3u);
  ASSERT_EQ(result.rows().num_rows(), 6u);
  EXPECT_EQ(result.rows().column("text")->string(0), "one");
  EXPECT_EQ(result.rows().column("text")->string(2), "two");
  EXPECT_EQ(result.rows().column("v"), nullptr);
  EXPECT_EQ(result.hits(2)[0].GetVarChar("text"), "two");
}

TEST_F(SearchResultTest, MovedResultKeepsItsHitsAndOutlivesTheDatabase) {
  SearchResult first = Search({1, 2}, {"text", "v"});
  const Hit hit = first.hits(0)[0];
  SearchResult second = std::move(first);
  SearchResult third = Search({3, 4}, {});
  third = std::move(second);
  collection_.reset();
  db_.database.reset();
  EXPECT_EQ(hit.GetVarChar("text"), "one");
  EXPECT_EQ(third.hits(0)[0].GetFloatVector("v")[0], 1.0f);
}

TEST_F(SearchResultTest, EmptyAnswerHasItsQueriesAndNoRows) {
  ASSERT_OK(collection_->Delete({1, 2}));
  const SearchResult result = Search({1, 2, 3, 4}, {"text"});
  EXPECT_EQ(result.num_queries(), 2u);
  EXPECT_TRUE(result.hits(0).empty());
  EXPECT_TRUE(result.hits(1).empty());
  EXPECT_EQ(result.rows().num_rows(), 0u);
}

TEST(SearchResultKeyTest, VarCharKeys) {
  const Schema schema{
      .fields = {{.name = "v", .type = DataType::kFloatVector, .dim = 1},
                 {.name = "k", .type = DataType::kVarChar, .primary_key = true, .max_length = 8}}};
  TestDatabase db;
  const auto collection = db->CreateCollection("c", schema);
  ASSERT_OK((*collection)->CreateIndex("v", Flat()));
  ASSERT_OK(
      (*collection)
          ->Insert(*RowBatch::FromJson(
              schema,
              R"([{"k":"b","v":[0]},{"k":"B","v":[0]},{"k":"","v":[0]},{"k":"ä","v":[0]}])")));
  const std::vector<float> query = {0};
  const auto result = (*collection)->Search({.vectors = query});
  ASSERT_OK(result);
  std::vector<std::string> keys;
  for (const Hit& hit : result->hits(0)) keys.emplace_back(hit.varchar_key());
  EXPECT_EQ(keys, (std::vector<std::string>{"", "B", "b", "ä"}));
  EXPECT_EQ(result->hits(0)[0].int64_key(), 0);
}

}  // namespace
}  // namespace vecdb::support
