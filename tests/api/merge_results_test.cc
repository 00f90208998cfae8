// The answers of shards, merged, against one search of the whole collection.
#include "vecdb/merge_results.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/test_database.h"

namespace vecdb::support {
namespace {

using Shards = std::vector<int32_t>;

// 3000 rows of a collection of four shards, many at equal distances, some in memory alone.
class MergeShardsTest : public ::testing::TestWithParam<DataType> {
 protected:
  static constexpr int kRows = 3000;

  void SetUp() override {
    schema_ = Schema{
        .fields = {{.name = "key", .type = GetParam(), .primary_key = true},
                   {.name = "group", .type = DataType::kInt16},
                   {.name = "more", .type = DataType::kJson},
                   {.name = "l2", .type = DataType::kFloatVector, .dim = 3},
                   {.name = "ip", .type = DataType::kFloatVector, .dim = 3},
                   {.name = "cosine", .type = DataType::kFloatVector, .dim = 3}},
    };
    if (GetParam() == DataType::kVarChar) schema_.fields[0].max_length = 16;
    c_ = *db_->CreateCollection("c", schema_, {.num_shards = 4});
    ASSERT_OK(c_->CreateIndex("l2", Flat(Metric::kL2)));
    ASSERT_OK(c_->CreateIndex("ip", Flat(Metric::kIp)));
    ASSERT_OK(c_->CreateIndex("cosine", Flat(Metric::kCosine)));
    Insert(0, kRows / 2);
    ASSERT_OK(c_->Flush());
    Insert(kRows / 2, kRows);
    ASSERT_OK(c_->Load());
  }

  void Insert(int64_t begin, int64_t end) {
    std::vector<int64_t> ids = Ids(begin, static_cast<size_t>(end - begin));
    std::vector<std::string> keys;
    std::vector<std::string> jsons;
    std::vector<int16_t> groups;
    std::vector<float> vectors;
    for (int64_t& id : ids) {
      keys.push_back("k" + std::to_string(id));
      jsons.push_back("[" + std::to_string(id) + "]");
      groups.push_back(static_cast<int16_t>(id % 37));
      const std::vector<float> vector = GridVector(id, 3);
      vectors.insert(vectors.end(), vector.begin(), vector.end());
      id = id * 7 - kRows;
    }
    RowBatch batch(schema_);
    if (GetParam() == DataType::kInt64) {
      batch.SetInt64("key", ids);
    } else {
      batch.SetVarChar("key", keys);
    }
    batch.SetInt16("group", groups).SetJson("more", jsons);
    for (const char* field : {"l2", "ip", "cosine"}) batch.SetFloatVectors(field, vectors);
    ASSERT_OK(c_->Insert(batch));
  }

  // What each reader answers when it is asked for the first rows.
  std::vector<SearchResult> AskEach(SearchRequest request, const std::vector<Shards>& readers) {
    request.limit += std::exchange(request.offset, 0);
    std::vector<SearchResult> answers;
    for (const Shards& shards : readers) {
      request.shards = shards;
      answers.push_back(*c_->Search(request));
    }
    return answers;
  }

  void ExpectSame(const SearchResult& merged, const SearchResult& whole) {
    EXPECT_EQ(merged.shape(), whole.shape());
    ASSERT_EQ(merged.num_queries(), whole.num_queries());
    EXPECT_EQ(merged.rows().ToJson(), whole.rows().ToJson());
    for (size_t query = 0; query < whole.num_queries(); ++query) {
      ASSERT_EQ(merged.hits(query).size(), whole.hits(query).size());
      for (size_t i = 0; i < whole.hits(query).size(); ++i) {
        EXPECT_EQ(merged.hits(query)[i].score(), whole.hits(query)[i].score());
      }
    }
  }

  // Readers that share nothing, and readers that share a shard.
  void ExpectMergeIsWhole(const SearchRequest& request) {
    const auto whole = c_->Search(request);
    ASSERT_OK(whole);
    for (const std::vector<Shards>& readers :
         {std::vector<Shards>{{0}, {1}, {2}, {3}}, {{3, 1}, {2, 1, 0}}, {{0, 1, 2, 3}}}) {
      const auto merged = MergeResults(AskEach(request, readers),
                                       {.limit = request.limit, .offset = request.offset});
      ASSERT_OK(merged);
      ExpectSame(*merged, *whole);
    }
  }

  TestDatabase db_;
  Schema schema_;
  std::unique_ptr<Collection> c_;
  const std::vector<float> queries_ = {0, 1, 2, 3, 3, 3, 1, 0, 0};
};

INSTANTIATE_TEST_SUITE_P(Keys, MergeShardsTest,
                         ::testing::Values(DataType::kInt64, DataType::kVarChar),
                         [](const auto& type) { return DataTypeName(type.param); });

TEST_P(MergeShardsTest, MergeOfShardsIsTheSearchOfAll) {
  for (const char* field : {"l2", "ip", "cosine"}) {
    for (const auto& [limit, offset] : {std::pair(1, 0), {10, 0}, {7, 50}, {5000, 3}, {5, 4000}}) {
      SCOPED_TRACE(std::string(field) + " " + std::to_string(limit) + " " + std::to_string(offset));
      ExpectMergeIsWhole({.field = field,
                          .vectors = queries_,
                          .limit = limit,
                          .offset = offset,
                          .output_fields = {"group", "more", "l2"}});
    }
  }
}

TEST_P(MergeShardsTest, RangesAndFiltersAreMergedLikeOthers) {
  ExpectMergeIsWhole({.field = "l2",
                      .vectors = queries_,
                      .limit = 100,
                      .filter = "group in [3, 5, 36]",
                      .radius = 9.0f,
                      .range_filter = 2.0f});
  ExpectMergeIsWhole(
      {.field = "ip", .vectors = queries_, .limit = 100, .radius = 4.0f, .range_filter = 9.0f});
  ExpectMergeIsWhole({.field = "cosine", .vectors = queries_, .filter = "group == 99"});
}

TEST_P(MergeShardsTest, GroupsOfOneHitAreTheSearchOfAll) {
  for (const char* field : {"l2", "ip", "cosine"}) {
    for (const auto& [limit, offset] : {std::pair(5, 0), {10, 20}, {100, 1}}) {
      ExpectMergeIsWhole({.field = field,
                          .vectors = queries_,
                          .limit = limit,
                          .offset = offset,
                          .group_by = "group",
                          .output_fields = {"group"}});
    }
  }
}

TEST_P(MergeShardsTest, AskedAgainForTheValuesLargerGroupsAreTheSearchOfAll) {
  SearchRequest request{.field = "l2",
                        .vectors = std::span(queries_).first(3),
                        .limit = 4,
                        .offset = 2,
                        .group_by = "group",
                        .group_size = 6,
                        .output_fields = {"group"}};
  const auto whole = c_->Search(request);
  ASSERT_OK(whole);
  const std::vector<Shards> readers = {{0}, {1}, {2}, {3}};
  const MergeOptions page{.limit = request.limit, .offset = request.offset};
  const auto values = MergeResults(AskEach(request, readers), {.limit = 6});
  ASSERT_OK(values);
  FilterValue::List list;
  for (const Hit& hit : values->hits(0)) list.push_back(hit.GetInt64("group"));
  request.filter = RowFilter("group in {values}", {{"values", std::move(list)}});
  const auto merged = MergeResults(AskEach(request, readers), page);
  ASSERT_OK(merged);
  ExpectSame(*merged, *whole);
}

TEST_P(MergeShardsTest, SearchesSayWhatTheyWereAskedFor) {
  const auto result = c_->Search({.field = "cosine",
                                  .vectors = queries_,
                                  .limit = 3,
                                  .offset = 4,
                                  .group_by = "group",
                                  .group_size = 2});
  ASSERT_OK(result);
  EXPECT_EQ(result->shape(), (ResultShape{.metric = Metric::kCosine,
                                          .limit = 3,
                                          .offset = 4,
                                          .group_by = "group",
                                          .group_size = 2}));
  const auto iterator = c_->OpenSearchIterator(
      {.field = "ip", .vectors = std::span(queries_).first(3)}, {.batch_size = 7});
  ASSERT_OK(iterator);
  EXPECT_EQ((*iterator)->Next()->shape(), (ResultShape{.metric = Metric::kIp, .limit = 7}));
}

TEST_P(MergeShardsTest, RowsOfQueriesAreMergedByKey) {
  const auto query = [&](const char* filter) {
    return *c_->Query({.filter = filter, .output_fields = {"more", "l2"}});
  };
  const std::vector<RowBatch> parts = {query("group < 20"), query("group >= 15 and group < 30"),
                                       query("group >= 30")};
  const auto merged = MergeRows(parts, {.limit = 2000, .offset = 10});
  ASSERT_OK(merged);
  const auto whole = c_->Query({.output_fields = {"more", "l2"}, .limit = 2000, .offset = 10});
  ASSERT_OK(whole);
  EXPECT_EQ(merged->ToJson(), whole->ToJson());
}

}  // namespace
}  // namespace vecdb::support
