// One segment is damaged: what the others still do.
#include <gtest/gtest.h>

#include "api/api_testing.h"

namespace vecdb::support {
namespace {

// Four shards with a flushed segment each, of which one is damaged.
class DamagedSegmentTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    collection_ = *db_->CreateCollection("c", schema_, {.num_shards = 4});
    ASSERT_OK(collection_->CreateIndex("v", Flat()));
    Put(*collection_, &all_, Ids(0, 200), "t");
    ASSERT_OK(collection_->Flush());
    const auto segments = collection_->Segments();
    ASSERT_EQ(segments->size(), 4u);
    damaged_id_ = segments->at(1).id;
    damaged_rows_ = segments->at(1).num_rows;
    shard_ = segments->at(1).shard;
    ASSERT_OK(db_->Close());
    DamageOne();
    Open();
  }

  void Open() {
    db_.Crash();
    auto opened = db_->OpenCollection("c");
    ASSERT_OK(opened);
    collection_ = *std::move(opened);
  }
  void DamageOne() {
    ObjectStore& store = *db_.options.store;
    for (const std::string& path : ObjectsWith(store, damaged_id_)) {
      if (!path.ends_with(GetParam())) continue;
      path_ = path;
      bytes_ = *GetObject(store, PathOf(path), kNoLimit);
      ReplaceObject(store, path, std::string_view(bytes_).substr(0, bytes_.size() / 2));
    }
    ASSERT_FALSE(path_.empty());
  }

  absl::StatusOr<SearchResult> Search(bool allow_partial) {
    static constexpr float kQuery[] = {1, 2, 3, 0};
    return collection_->Search({.vectors = kQuery, .limit = 300, .allow_partial = allow_partial});
  }
  // The keys of rows that can be read one by one.
  std::vector<int64_t> ReadableKeys(const std::vector<int64_t>& keys) {
    std::vector<int64_t> readable;
    for (const int64_t key : keys) {
      const auto row = collection_->Get({key});
      if (row.ok() && row->num_rows() == 1) readable.push_back(key);
      if (!row.ok()) {
        EXPECT_EQ(CodeOf(row), Code::kDataLoss);
      }
    }
    return readable;
  }

  const Schema schema_ = TaggedSchema();
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  Oracle all_{schema_};
  std::string damaged_id_;
  uint64_t damaged_rows_ = 0;
  int32_t shard_ = 0;
  std::string path_;
  std::string bytes_;
};

INSTANTIATE_TEST_SUITE_P(Files, DamagedSegmentTest, ::testing::Values("columns.vseg", ".vec"));

TEST_P(DamagedSegmentTest, IsDescribedAndTheOthersAreNot) {
  const auto segments = collection_->Segments();
  ASSERT_OK(segments);
  size_t damaged = 0;
  for (const SegmentDescription& segment : *segments) {
    if (segment.state != SegmentState::kDamaged) continue;
    ++damaged;
    EXPECT_EQ(segment.id, damaged_id_);
    EXPECT_EQ(segment.shard, shard_);
    EXPECT_NE(segment.damage, "");
  }
  EXPECT_EQ(damaged, 1u);
}

TEST_P(DamagedSegmentTest, SearchIsDataLossUnlessPartOfTheAnswerWillDo) {
  const auto whole = Search(/*allow_partial=*/false);
  EXPECT_EQ(CodeOf(whole), Code::kDataLoss);
  EXPECT_TRUE(Says(whole, damaged_id_));
  const auto part = Search(/*allow_partial=*/true);
  ASSERT_OK(part);
  EXPECT_TRUE(part->partial());
  const std::vector<OracleHit> hits = HitsOf(*part, schema_);
  EXPECT_EQ(hits.size(), 200 - damaged_rows_);
  const std::vector<float> query = {1, 2, 3, 0};
  for (const OracleHit& hit : hits) {
    EXPECT_EQ(hit.score, all_.Score(hit.key, "v", Metric::kL2, query));
  }
}

TEST_P(DamagedSegmentTest, IteratorsSayThatTheyLeaveItOut) {
  static constexpr float kQuery[] = {1, 2, 3, 0};
  const auto whole = collection_->OpenSearchIterator({.vectors = kQuery}, {.batch_size = 40});
  ASSERT_OK(whole);
  EXPECT_EQ(CodeOf((*whole)->Next()), Code::kDataLoss);
  const auto part = collection_->OpenSearchIterator({.vectors = kQuery, .allow_partial = true},
                                                    {.batch_size = 40});
  ASSERT_OK(part);
  std::vector<OracleHit> hits;
  for (size_t size = 1; size > 0;) {
    const auto batch = (*part)->Next();
    ASSERT_OK(batch);
    EXPECT_TRUE(batch->partial());
    const std::vector<OracleHit> found = HitsOf(*batch, schema_);
    hits.insert(hits.end(), found.begin(), found.end());
    size = found.size();
  }
  const auto search = Search(/*allow_partial=*/true);
  ASSERT_OK(search);
  EXPECT_EQ(hits, HitsOf(*search, schema_));
}

TEST_P(DamagedSegmentTest, RowsOfOtherShardsAreRead) {
  const std::vector<int64_t> readable = ReadableKeys(Ids(0, 200));
  EXPECT_EQ(readable.size(), 200 - damaged_rows_);
  const auto rows = collection_->Get(readable);
  ASSERT_OK(rows);
  EXPECT_EQ(rows->num_rows(), readable.size());
  EXPECT_EQ(CodeOf(collection_->Get(Ids(0, 200))), Code::kDataLoss);
}

TEST_P(DamagedSegmentTest, NewRowsAreWrittenFlushedAndFound) {
  std::vector<int64_t> added;
  for (int64_t id = 1000; id < 1040; ++id) {
    const auto write = collection_->Insert(TaggedRows(schema_, {id}, "new"));
    // Whether the key is in the damaged segment cannot be told.
    if (write.ok()) {
      added.push_back(id);
    } else {
      EXPECT_EQ(CodeOf(write), Code::kDataLoss);
    }
  }
  EXPECT_GE(added.size(), 20u);
  ASSERT_OK(collection_->Flush());
  Open();
  const auto rows = collection_->Get(added);
  ASSERT_OK(rows);
  EXPECT_EQ(rows->num_rows(), added.size());
  const auto part = Search(/*allow_partial=*/true);
  ASSERT_OK(part);
  EXPECT_TRUE(part->partial());
  EXPECT_EQ(part->hits(0).size(), 200 - damaged_rows_ + added.size());
}

TEST_P(DamagedSegmentTest, NothingIsTakenAwayAndRepairIsFound) {
  ASSERT_OK(collection_->Flush());
  ASSERT_OK(db_->CollectGarbage());
  ASSERT_OK(db_->Close());
  ReplaceObject(*db_.options.store, path_, bytes_);
  Open();
  ExpectSameRows(all_, *collection_);
  const auto whole = Search(/*allow_partial=*/true);
  ASSERT_OK(whole);
  EXPECT_FALSE(whole->partial());
  ExpectSameSearch(all_, *collection_, {.field = "v", .vectors = {1, 2, 3, 0}});
}

// Rows that a coded index leaves in the store are read, and found damaged, by a search alone.
TEST(DamagedRowsTest, PartOfAnAnswerLeavesOutASegmentWhoseRowsCannotBeRead) {
  TestDatabase db;
  const Schema schema = TaggedSchema();
  Oracle all(schema);
  auto collection = *db->CreateCollection("c", schema, {.num_shards = 2});
  const IndexSpec spec{.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 2}};
  ASSERT_OK(collection->CreateIndex("v", spec));
  Put(*collection, &all, Ids(0, 600), "t");
  ASSERT_OK(collection->Flush());
  ASSERT_OK(collection->WaitForIndex("v"));
  const auto segments = collection->Segments();
  ASSERT_EQ(segments->size(), 2U);
  ASSERT_OK(db->Close());
  ObjectStore& store = *db.options.store;
  for (const std::string& path : ObjectsWith(store, segments->at(1).id)) {
    if (!path.ends_with(".vec")) continue;
    ReplaceObject(store, path, FlipByte(*GetObject(store, PathOf(path), kNoLimit), 300));
  }
  db.Crash();
  collection = *db->OpenCollection("c");
  static constexpr float kQuery[] = {1, 2, 3, 0};
  SearchRequest request{.vectors = kQuery, .limit = 600};
  const auto whole = collection->Search(request);
  EXPECT_EQ(CodeOf(whole), Code::kDataLoss);
  EXPECT_TRUE(Says(whole, segments->at(1).id));
  request.allow_partial = true;
  const auto part = collection->Search(request);
  ASSERT_OK(part);
  EXPECT_TRUE(part->partial());
  EXPECT_EQ(part->hits(0).size(), segments->at(0).num_rows);
  const auto iterator = collection->OpenSearchIterator({.vectors = kQuery, .allow_partial = true},
                                                       {.batch_size = 1000});
  ASSERT_OK(iterator);
  const auto batch = (*iterator)->Next();
  ASSERT_OK(batch);
  EXPECT_TRUE(batch->partial());
  EXPECT_EQ(batch->hits(0).size(), segments->at(0).num_rows);
}

}  // namespace
}  // namespace vecdb::support
