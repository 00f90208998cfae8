// Fresh rows of a loaded collection are searched by a graph of their own.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "support/seeded_random.h"
#include "support/test_database.h"

namespace vecdb {
namespace {

using support::Hnsw;

constexpr int32_t kInterimDim = 16;

class InterimIndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    collection_ = *database_->CreateCollection("c", schema_, {.num_shards = 1});
    ASSERT_OK(collection_->CreateIndex("v", {.metric = Metric::kL2, .params = HnswParams{}}));
    ASSERT_EQ(collection_->LoadState(), LoadState::kLoaded);
  }

  // Rows around a few centres, by id.
  static std::vector<float> VectorOf(int64_t id) {
    std::vector<float> vector(kInterimDim);
    uint64_t state = static_cast<uint64_t>(id) * 0x9e3779b97f4a7c15ULL + 99;
    for (float& value : vector) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      value = static_cast<float>(id % 20) + static_cast<float>(state >> 40) * 0x1p-24F;
    }
    return vector;
  }
  void Insert(int64_t first, size_t count) {
    std::vector<float> vectors;
    const std::vector<int64_t> ids = support::Ids(first, count);
    for (const int64_t id : ids) {
      const std::vector<float> vector = VectorOf(id);
      vectors.insert(vectors.end(), vector.begin(), vector.end());
      rows_.insert(id);
    }
    RowBatch batch(schema_);
    batch.SetInt64("id", ids);
    batch.SetVarChar("tag", std::vector<std::string>(count, "t"));
    batch.SetFloatVectors("v", std::move(vectors));
    ASSERT_OK(collection_->Insert(batch));
  }
  std::vector<int64_t> Search(const std::vector<float>& query, const std::string& filter) {
    const auto found =
        collection_->Search({.field = "v", .vectors = query, .limit = 10, .filter = filter});
    EXPECT_OK(found);
    std::vector<int64_t> keys;
    for (const Hit& hit : found->hits(0)) keys.push_back(hit.int64_key());
    return keys;
  }
  template <typename Allowed>
  std::vector<int64_t> Exact(const std::vector<float>& query, Allowed allowed) const {
    std::vector<std::pair<float, int64_t>> all;
    for (const int64_t id : rows_) {
      if (!allowed(id)) continue;
      const std::vector<float> row = VectorOf(id);
      float distance = 0;
      for (size_t d = 0; d < kInterimDim; ++d)
        distance += (row[d] - query[d]) * (row[d] - query[d]);
      all.emplace_back(distance, id);
    }
    std::sort(all.begin(), all.end());
    std::vector<int64_t> keys;
    for (size_t i = 0; i < std::min<size_t>(10, all.size()); ++i) keys.push_back(all[i].second);
    return keys;
  }
  // The share of the nearest rows that searches find, which always give as many as there are.
  template <typename Allowed>
  double Recall(const std::string& filter, Allowed allowed) {
    size_t found = 0;
    size_t wanted = 0;
    for (int64_t i = 0; i < 20; ++i) {
      const std::vector<float> query = VectorOf(1'000'000 + i);
      const std::vector<int64_t> exact = Exact(query, allowed);
      const std::vector<int64_t> keys = Search(query, filter);
      EXPECT_EQ(keys.size(), exact.size());
      wanted += exact.size();
      for (const int64_t key : keys) {
        EXPECT_TRUE(rows_.contains(key) && allowed(key)) << key;
        found += std::count(exact.begin(), exact.end(), key) > 0 ? 1 : 0;
      }
    }
    return static_cast<double>(found) / static_cast<double>(std::max<size_t>(1, wanted));
  }
  SearchPlan PlanOf(size_t segment) {
    const std::vector<float> query = VectorOf(5);
    const auto stats = collection_->Explain({.field = "v", .vectors = query, .limit = 10});
    EXPECT_OK(stats);
    return stats->segments.at(segment).plan;
  }

  support::TestDatabase database_;
  const Schema schema_ = support::TaggedSchema(kInterimDim);
  std::shared_ptr<Collection> collection_;
  std::set<int64_t> rows_;
};

TEST_F(InterimIndexTest, FreshRowsAreSearchedByAnIndex) {
  const auto all = [](int64_t) { return true; };
  Insert(0, 6000);
  EXPECT_EQ(PlanOf(0), SearchPlan::kExactScan);
  EXPECT_EQ(Recall("", all), 1.0);
  database_.executor.RunAll();
  EXPECT_EQ(PlanOf(0), SearchPlan::kIndex);
  EXPECT_GE(Recall("", all), 0.95);
  Insert(6000, 300);  // compared one by one, behind what the index has
  EXPECT_EQ(PlanOf(0), SearchPlan::kIndex);
  EXPECT_GE(Recall("", all), 0.95);
  EXPECT_GE(Recall("id % 2 == 0", [](int64_t id) { return id % 2 == 0; }), 0.95);
  EXPECT_EQ(Recall("id % 500 == 7", [](int64_t id) { return id % 500 == 7; }), 1.0);
  EXPECT_EQ(Recall("id >= 6299", [](int64_t id) { return id >= 6299; }), 1.0);
}

TEST_F(InterimIndexTest, DeletedAndReplacedRowsAreNotFound) {
  Insert(0, 5000);
  database_.executor.RunAll();
  const std::vector<float> query = VectorOf(40);
  ASSERT_EQ(Search(query, "").front(), 40);
  const auto snapshot = collection_->PinSnapshot();
  ASSERT_OK(snapshot);
  ASSERT_OK(collection_->Delete({40}));
  rows_.erase(40);
  EXPECT_NE(Search(query, "").front(), 40);
  EXPECT_GE(Recall("", [](int64_t) { return true; }), 0.95);
  const auto before =
      collection_->Search({.field = "v", .vectors = query, .limit = 1, .consistency = *snapshot});
  ASSERT_OK(before);
  EXPECT_EQ(before->hits(0)[0].int64_key(), 40);
}

TEST_F(InterimIndexTest, ItServesUntilTheFlushedRowsHaveTheirOwn) {
  const auto all = [](int64_t) { return true; };
  Insert(0, 6000);
  database_.executor.RunAll();
  ASSERT_OK(collection_->Flush());
  EXPECT_EQ(PlanOf(0), SearchPlan::kIndex);
  EXPECT_GE(Recall("", all), 0.95);
  EXPECT_EQ(collection_->DescribeIndex("v")->pending_rows(), 6000u);
  ASSERT_OK(collection_->Delete({17}));
  rows_.erase(17);
  database_.executor.RunAll();
  EXPECT_EQ(collection_->DescribeIndex("v")->pending_rows(), 0u);
  EXPECT_EQ(PlanOf(0), SearchPlan::kIndex);
  EXPECT_GE(Recall("", all), 0.95);
  EXPECT_EQ(*collection_->Count(), 5999u);
}

TEST_F(InterimIndexTest, AlteredToFlatFreshRowsAreCompared) {
  Insert(0, 6000);
  database_.executor.RunAll();
  EXPECT_EQ(PlanOf(0), SearchPlan::kIndex);
  ASSERT_OK(collection_->AlterIndex("v", {.metric = Metric::kL2}));
  EXPECT_EQ(PlanOf(0), SearchPlan::kExactScan);
  EXPECT_EQ(Recall("", [](int64_t) { return true; }), 1.0);
}

TEST_F(InterimIndexTest, RowsThatWereThereBeforeTheIndexGetOne) {
  ASSERT_OK(collection_->DropIndex("v"));
  Insert(0, 6000);
  ASSERT_OK(collection_->CreateIndex("v", {.metric = Metric::kL2, .params = HnswParams{}}));
  database_.executor.RunAll();
  EXPECT_EQ(PlanOf(0), SearchPlan::kIndex);
}

TEST_F(InterimIndexTest, RowsFromTheJournalGetOneToo) {
  Insert(0, 6000);
  collection_ = nullptr;
  collection_ = *database_.Crash().OpenCollection("c");
  EXPECT_EQ(collection_->LoadState(), LoadState::kLoaded);
  EXPECT_GE(Recall("", [](int64_t) { return true; }), 0.95);
  database_.executor.RunAll();
  EXPECT_EQ(PlanOf(0), SearchPlan::kIndex);
  EXPECT_GE(Recall("", [](int64_t) { return true; }), 0.95);
}

}  // namespace
}  // namespace vecdb
