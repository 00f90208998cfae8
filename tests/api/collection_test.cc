#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "support/test_database.h"

namespace vecdb::support {
namespace {

class CollectionTest : public ::testing::Test {
 protected:
  Collection& Create(const Schema& schema, const CollectionOptions& options = {}) {
    collection_ = *db_->CreateCollection("c", schema, options);
    return *collection_;
  }
  Collection& Reopen() {
    db_.Reopen();
    collection_ = *db_->OpenCollection("c");
    return *collection_;
  }
  Collection& Crash() {
    db_.Crash();
    collection_ = *db_->OpenCollection("c");
    return *collection_;
  }

  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
};

// How the same rows may be spread.
enum class Spread { kGrowing, kSealed, kMixed, kManySegments, kUpserted };

class SpreadTest : public ::testing::TestWithParam<std::tuple<Spread, int32_t, Metric>> {
 protected:
  static constexpr size_t kRows = 90;

  void SetUp() override {
    const auto [spread, shards, metric] = GetParam();
    metric_ = metric;
    collection_ = *db_->CreateCollection("c", schema_, {.num_shards = shards});
    ASSERT_OK(collection_->CreateIndex("v", Flat(metric)));
    std::vector<int64_t> ids = Ids(0, kRows);
    std::shuffle(ids.begin(), ids.end(), std::mt19937(7));
    for (size_t begin = 0; begin < kRows; begin += 30) {
      const std::vector<int64_t> part(ids.begin() + static_cast<ptrdiff_t>(begin),
                                      ids.begin() + static_cast<ptrdiff_t>(begin + 30));
      if (spread == Spread::kUpserted) {
        ASSERT_OK(collection_->Insert(TaggedRows(schema_, part, "old")));
        ASSERT_OK(collection_->Flush());
        Put(part, true);
      } else {
        Put(part, false);
      }
      const bool last = begin + 30 == kRows;
      const bool flush = spread == Spread::kManySegments || (spread == Spread::kSealed && last) ||
                         (spread == Spread::kMixed && !last);
      if (flush) {
        ASSERT_OK(collection_->Flush());
      }
    }
  }

  void Put(const std::vector<int64_t>& ids, bool replace) {
    const RowBatch batch = TaggedRows(schema_, ids, "new");
    ASSERT_OK(replace ? collection_->Upsert(batch) : collection_->Insert(batch));
    oracle_.Put(batch);
  }

  OracleSearch SearchOf(int32_t limit, int32_t offset = 0) const {
    return {.field = "v",
            .metric = metric_,
            .vectors = {1, 1, 1, 1, 0, 3, 2, 1, 0, 0, 0, 0},
            .limit = limit,
            .offset = offset};
  }

  const Schema schema_ = TaggedSchema();
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  Oracle oracle_{schema_};
  Metric metric_ = Metric::kL2;
};

INSTANTIATE_TEST_SUITE_P(
    All, SpreadTest,
    ::testing::Combine(::testing::Values(Spread::kGrowing, Spread::kSealed, Spread::kMixed,
                                         Spread::kManySegments, Spread::kUpserted),
                       ::testing::Values(1, 4),
                       ::testing::Values(Metric::kL2, Metric::kIp, Metric::kCosine)));

// Rules 1 and 4, and the order of ties: the vectors are of so few values that every place is tied,
// the k-th above all.
TEST_P(SpreadTest, FlatIsExactWithTiesByKeyAtEveryLimit) {
  for (int32_t limit = 1; limit <= 12; ++limit) {
    ExpectSameSearch(oracle_, *collection_, SearchOf(limit));
  }
  ExpectSameRows(oracle_, *collection_);
}

// Rule 2.
TEST_P(SpreadTest, AsManyRowsComeBackAsThereAre) {
  for (const int32_t limit : {89, 90, 91, 1000}) {
    ExpectSameSearch(oracle_, *collection_, SearchOf(limit));
  }
  ExpectSameSearch(oracle_, *collection_, SearchOf(10, 85));
  ExpectSameSearch(oracle_, *collection_, SearchOf(10, 200));
}

// Rule 3, and rule 1 under deletes.
TEST_P(SpreadTest, DeletedAndReplacedRowsAreGoneFromResults) {
  const std::vector<int64_t> gone = {3, 14, 15, 9, 26, 53, 58, 89};
  const auto deleted = collection_->Delete(gone);
  ASSERT_OK(deleted);
  EXPECT_EQ(deleted->delete_count, gone.size());
  for (int64_t id : gone) oracle_.Delete(id);
  Put({14, 1, 2, 88}, true);
  ExpectSameSearch(oracle_, *collection_, SearchOf(100));
  ExpectSameRows(oracle_, *collection_);
  ASSERT_OK(collection_->Flush());
  ExpectSameSearch(oracle_, *collection_, SearchOf(100));
  db_.Crash();
  collection_ = *db_->OpenCollection("c");
  ExpectSameSearch(oracle_, *collection_, SearchOf(100));
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(CollectionTest, EqualRowsComeByKeyAtTheKthPlaceAcrossShardsAndSegments) {
  const Schema schema = TaggedSchema();
  Collection& collection = Create(schema, {.num_shards = 5});
  ASSERT_OK(collection.CreateIndex("v", Flat(Metric::kCosine)));
  std::vector<int64_t> ids = Ids(-40, 80);
  std::shuffle(ids.begin(), ids.end(), std::mt19937(3));
  for (size_t i = 0; i < ids.size(); ++i) {
    RowBatch row = TaggedRows(schema, {ids[i]}, "same");
    ASSERT_OK(collection.Insert(row.SetFloatVectors("v", std::vector<float>{1, 2, 3, 4})));
    if (i % 25 == 10) {
      ASSERT_OK(collection.Flush());
    }
  }
  const std::vector<float> query = {4, 3, 2, 1};
  for (const int32_t limit : {1, 7, 40, 80}) {
    const auto result = collection.Search({.vectors = query, .limit = limit});
    ASSERT_OK(result);
    ASSERT_EQ(result->hits(0).size(), static_cast<size_t>(limit));
    for (size_t i = 0; i < result->hits(0).size(); ++i) {
      EXPECT_EQ(result->hits(0)[i].int64_key(), -40 + static_cast<int64_t>(i));
    }
  }
}

TEST_F(CollectionTest, HnswNeverReturnsTooFewAndEachRowOnce) {
  const Schema schema = TaggedSchema(8);
  Collection& collection = Create(schema, {.num_shards = 2});
  Oracle oracle(schema);
  ASSERT_OK(collection.CreateIndex("v", Hnsw()));
  const auto put = [&](int64_t first, size_t count) {
    const RowBatch batch = TaggedRows(schema, Ids(first, count), "t");
    ASSERT_OK(collection.Upsert(batch));
    oracle.Put(batch);
  };
  put(0, 2600);
  ASSERT_OK(collection.Flush());
  put(2000, 900);  // 600 of them replace indexed rows
  std::vector<int64_t> gone;
  for (int64_t id = 0; id < 2600; id += 3) gone.push_back(id);
  ASSERT_OK(collection.Delete(gone));
  for (int64_t id : gone) oracle.Delete(id);
  ASSERT_OK(collection.WaitForIndex("v"));
  EXPECT_EQ(collection.DescribeIndex("v")->indexed_rows, 2600u);
  OracleSearch search{.field = "v", .vectors = {1, 1, 1, 1, 1, 1, 1, 1, 3, 0, 3, 0, 3, 0, 3, 0}};
  EXPECT_GT(ExpectSoundSearch(oracle, collection, search), 0.5);
  for (const int32_t limit : {1, 1000, 3000}) {
    search.limit = limit;
    ExpectSoundSearch(oracle, collection, search);
  }
  search.limit = 5000;
  EXPECT_EQ(ExpectSoundSearch(oracle, collection, search), 1.0);  // all rows
  db_.Crash();
  collection_ = *db_->OpenCollection("c");
  EXPECT_EQ(collection_->DescribeIndex("v")->indexed_rows, 2600u);
}

TEST_F(CollectionTest, HnswAndFlatAgreeWhereTheGraphIsSearchedWhole) {
  const Schema schema = TaggedSchema(6);
  Collection& collection = Create(schema);
  Oracle oracle(schema);
  ASSERT_OK(collection.CreateIndex("v", Hnsw(Metric::kIp)));
  const RowBatch batch = TaggedRows(schema, Ids(0, 1100), "t");
  ASSERT_OK(collection.Insert(batch));
  oracle.Put(batch);
  ASSERT_OK(collection.Flush());
  ASSERT_OK(collection.WaitForIndex("v"));
  ExpectSameSearch(
      oracle, collection,
      {.field = "v", .metric = Metric::kIp, .vectors = {1, 2, 3, 1, 0, 2}, .limit = 1100});
}

TEST_F(CollectionTest, InsertOfAKeyThatIsThereAppliesNothing) {
  const Schema schema = TaggedSchema();
  Collection& collection = Create(schema, {.num_shards = 3});
  Oracle oracle(schema);
  const RowBatch first = TaggedRows(schema, Ids(0, 10), "first");
  ASSERT_OK(collection.Insert(first));
  oracle.Put(first);
  for (const bool flushed : {false, true}) {
    if (flushed) {
      ASSERT_OK(collection.Flush());
    }
    const auto second = collection.Insert(TaggedRows(schema, {100, 101, 7, 102}, "second"));
    EXPECT_EQ(CodeOf(second), absl::StatusCode::kAlreadyExists);
    EXPECT_NE(second.status().message().find("key 7 "), std::string::npos) << second.status();
    ExpectSameRows(oracle, collection);
  }
}

TEST_F(CollectionTest, OptionMakesInsertReplace) {
  const Schema schema = TaggedSchema();
  Collection& collection = Create(schema, {.on_duplicate_key = DuplicateKeyPolicy::kReplace});
  ASSERT_OK(collection.Insert(TaggedRows(schema, Ids(0, 10), "first")));
  ASSERT_OK(collection.Flush());
  const auto second = collection.Insert(TaggedRows(schema, Ids(8, 4), "second"));
  ASSERT_OK(second);
  EXPECT_EQ(second->insert_count, 4u);
  EXPECT_EQ(second->upsert_count, 0u);
  EXPECT_EQ(second->delete_count, 2u);
  EXPECT_EQ(*collection.Count(), 12u);
  EXPECT_EQ(collection.Get({9})->column("tag")->string(0), "second");
}

TEST_F(CollectionTest, GetReadsInTheOrderOfTheKeysAndOnlyTheFieldsAskedFor) {
  const Schema schema = TaggedSchema();
  Collection& collection = Create(schema, {.num_shards = 3});
  ASSERT_OK(collection.Insert(TaggedRows(schema, Ids(0, 20), "a")));
  ASSERT_OK(collection.Flush());
  ASSERT_OK(collection.Insert(TaggedRows(schema, Ids(20, 20), "b")));
  const std::vector<int64_t> keys = {39, 0, 500, 20, 19, -1, 1};
  const std::vector<std::string> fields = {"tag"};
  const auto rows = collection.Get(keys, fields);
  ASSERT_OK(rows);
  const auto found = rows->column("id")->int64s();
  EXPECT_EQ(std::vector<int64_t>(found.begin(), found.end()),
            (std::vector<int64_t>{39, 0, 20, 19, 1}));
  EXPECT_EQ(rows->column("tag")->string(0), "b");
  EXPECT_EQ(rows->column("tag")->string(4), "a");
  EXPECT_EQ(rows->column("v"), nullptr);
}

TEST_F(CollectionTest, GetNeedsNoIndexAndNoLoad) {
  const Schema schema = TaggedSchema();
  Collection& collection = Create(schema, {.load = LoadPolicy::kManual});
  ASSERT_OK(collection.Insert(TaggedRows(schema, Ids(0, 5), "a")));
  ASSERT_OK(collection.Flush());
  EXPECT_EQ(collection.LoadState(), LoadState::kNotLoaded);
  EXPECT_EQ(collection.Get(Ids(0, 9))->num_rows(), 5u);
  EXPECT_EQ(collection.Get({77})->num_rows(), 0u);
}

TEST_F(CollectionTest, ManualPolicyIsTheDanceOfMilvus) {
  const Schema schema = TaggedSchema();
  Collection* collection = &Create(schema, {.load = LoadPolicy::kManual});
  ASSERT_OK(collection->Insert(TaggedRows(schema, Ids(0, 5), "a")));
  const std::vector<float> query = {1, 1, 1, 1};
  const auto search = [&] { return CodeOf(collection->Search({.vectors = query})); };
  EXPECT_EQ(CodeOf(collection->Load()), absl::StatusCode::kFailedPrecondition);
  ASSERT_OK(collection->CreateIndex("v", Flat()));
  EXPECT_EQ(search(), absl::StatusCode::kFailedPrecondition);
  ASSERT_OK(collection->Load());
  ASSERT_OK(collection->Load());
  EXPECT_EQ(collection->LoadState(), LoadState::kLoaded);
  EXPECT_EQ(search(), absl::StatusCode::kOk);
  ASSERT_OK(collection->Flush());
  EXPECT_EQ(search(), absl::StatusCode::kOk);
  ASSERT_OK(collection->Release());
  EXPECT_EQ(search(), absl::StatusCode::kFailedPrecondition);
  ASSERT_OK(collection->Load());
  EXPECT_EQ(search(), absl::StatusCode::kOk);
  collection = &Reopen();
  EXPECT_EQ(search(), absl::StatusCode::kFailedPrecondition);
  ASSERT_OK(collection->Load());
  EXPECT_EQ(search(), absl::StatusCode::kOk);
  ASSERT_OK(collection->DropIndex("v"));
  EXPECT_EQ(collection->LoadState(), LoadState::kNotLoaded);
  EXPECT_EQ(search(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CollectionTest, ReleaseGivesTheMemoryBackAndRunningSearchesKeepTheirs) {
  MemoryBudget budget;
  db_.options.host.budget = &budget;
  const Schema schema = TaggedSchema();
  Collection& collection = Create(schema, {.num_shards = 2});
  ASSERT_OK(collection.Insert(TaggedRows(schema, Ids(0, 50), "a")));
  EXPECT_GT(budget.used_bytes(), 0u);
  ASSERT_OK(collection.Flush());
  EXPECT_EQ(budget.used_bytes(), 0u);
  ASSERT_OK(collection.CreateIndex("v", Flat()));
  EXPECT_GT(budget.used_bytes(), 0u);
  const std::vector<float> query = {1, 1, 1, 1};
  const auto result = collection.Search({.vectors = query, .output_fields = {"tag", "v"}});
  ASSERT_OK(collection.Release());
  EXPECT_EQ(budget.used_bytes(), 0u);
  ASSERT_OK(result);
  EXPECT_EQ(result->hits(0)[0].GetVarChar("tag"), "a");
  ASSERT_OK(collection.Load());
  ASSERT_OK(collection.Get(Ids(0, 50)));
  ASSERT_OK(db_->Close());
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST_F(CollectionTest, DescribeTellsWhatIsThere) {
  const Schema schema = TaggedSchema();
  const CollectionOptions options{
      .num_shards = 2, .segment_max_bytes = 8 << 20, .journal = JournalPlace::kObjectStore};
  Collection& collection = Create(schema, options);
  ASSERT_OK(collection.Insert(TaggedRows(schema, Ids(0, 30), "a")));
  ASSERT_OK(collection.Flush());
  ASSERT_OK(collection.CreateIndex("v", Hnsw()));
  ASSERT_OK(collection.Insert(TaggedRows(schema, Ids(30, 10), "b")));
  ASSERT_OK(collection.Delete({1, 2, 33, 99}));
  const auto description = collection.Describe();
  ASSERT_OK(description);
  EXPECT_EQ(description->name, "c");
  EXPECT_EQ(description->schema, schema);
  EXPECT_EQ(description->options, options);
  EXPECT_EQ(description->num_rows, 37u);
  EXPECT_EQ(description->manifest_version, 5u);  // made, opened, journal, flush, index
  EXPECT_GT(description->journal_bytes, 0u);
  EXPECT_GT(description->store_bytes, 0u);
  EXPECT_EQ(description->load_state, LoadState::kLoaded);
  ASSERT_EQ(description->indexes.size(), 1u);
  EXPECT_EQ(description->indexes[0].spec, Hnsw());
  EXPECT_EQ(description->indexes[0].total_rows, 30u);
  EXPECT_EQ(description->indexes[0].indexed_rows, 30u);  // too small to need one
  uint64_t rows = 0;
  uint64_t deleted = 0;
  const auto segments = collection.Segments();
  ASSERT_OK(segments);
  for (const SegmentDescription& segment : *segments) {
    rows += segment.num_rows;
    deleted += segment.num_deleted_rows;
    EXPECT_EQ(segment.state == SegmentState::kFlushed, !segment.id.empty());
  }
  EXPECT_EQ(rows, 40u);
  EXPECT_EQ(deleted, 3u);
  EXPECT_EQ(segments->size(), 4u);
}

TEST_F(CollectionTest, ManyHandlesAreOneCollection) {
  const Schema schema = TaggedSchema();
  Collection& one = Create(schema);
  const auto two = db_->OpenCollection("c");
  ASSERT_OK(two);
  ASSERT_OK(one.Insert(TaggedRows(schema, Ids(0, 3), "a")));
  EXPECT_EQ(*(*two)->Count(), 3u);
  collection_.reset();
  EXPECT_EQ(*(*two)->Count(), 3u);
}

TEST_F(CollectionTest, RowsSurviveACrashFlushedOrNot) {
  const Schema schema = TaggedSchema();
  Collection& collection = Create(schema, {.num_shards = 4});
  Oracle oracle(schema);
  const RowBatch kept = TaggedRows(schema, Ids(0, 30), "kept");
  ASSERT_OK(collection.Insert(kept));
  oracle.Put(kept);
  ASSERT_OK(collection.Delete({4, 5}));
  oracle.Delete(int64_t{4});
  oracle.Delete(int64_t{5});
  ASSERT_OK(collection.Flush());
  const RowBatch later = TaggedRows(schema, Ids(10, 40), "in the journal");
  ASSERT_OK(collection.Upsert(later));
  oracle.Put(later);
  ASSERT_OK(collection.Delete({1}));
  oracle.Delete(int64_t{1});
  ExpectSameRows(oracle, Crash());
  ExpectSameRows(oracle, Crash());
}

TEST_F(CollectionTest, CloseKeepsWhatWasNotFlushed) {
  const Schema schema = TaggedSchema();
  Collection& collection = Create(schema, {.num_shards = 4});
  Oracle oracle(schema);
  const RowBatch rows = TaggedRows(schema, Ids(0, 30), "kept");
  ASSERT_OK(collection.Insert(rows));
  ASSERT_OK(collection.Flush());
  ASSERT_OK(collection.Delete({1}));
  oracle.Put(rows);
  oracle.Delete(int64_t{1});
  ExpectSameRows(oracle, Reopen());
}

TEST_F(CollectionTest, FlushOfNothingNewCommitsNothing) {
  const Schema schema = TaggedSchema();
  Collection& collection = Create(schema);
  ASSERT_OK(collection.Flush());
  const uint64_t version = collection.Describe()->manifest_version;
  ASSERT_OK(collection.Insert(TaggedRows(schema, {1}, "a")));
  ASSERT_OK(collection.Flush());
  ASSERT_OK(collection.Flush());
  EXPECT_EQ(collection.Describe()->manifest_version, version + 2);  // the journal, the flush
  ASSERT_OK(collection.Delete({9}));                                // not there
  ASSERT_OK(collection.Flush());
  EXPECT_EQ(collection.Describe()->manifest_version, version + 2);
}

// A clock that the test moves.
class StillClock final : public Clock {
 public:
  int64_t NowMillis() const override { return now; }
  int64_t now = 1'700'000'000'000;
};

TEST_F(CollectionTest, AutoIdsAreUniqueAcrossRestartsWhateverTheClockDoes) {
  StillClock clock;
  db_.options.host.clock = &clock;
  Schema schema = TaggedSchema();
  schema.fields[0].auto_id = true;
  Collection* collection = &Create(schema, {.num_shards = 3});
  Oracle oracle(schema);
  for (int round = 0; round < 6; ++round) {
    const RowBatch batch = TaggedRows(schema, Ids(round, 20), "t");
    const auto result = collection->Insert(batch);
    ASSERT_OK(result);
    ASSERT_EQ(result->auto_ids.size(), 20u);
    EXPECT_EQ(result->insert_count, 20u);
    const size_t before = oracle.size();
    oracle.Put(batch, result->auto_ids);
    ASSERT_EQ(oracle.size(), before + 20);
    ExpectSameRows(oracle, *collection);
    if (round == 2) clock.now -= 1'000'000;  // and it stands still at all other times
    if (round % 2 == 1) collection = &Reopen();
  }
}

TEST_F(CollectionTest, TimestampsFollowTheClockAndNeverFall) {
  StillClock clock;
  db_.options.host.clock = &clock;
  const Schema schema = TaggedSchema();
  Collection& collection = Create(schema);
  const auto at = [](int64_t millis) { return static_cast<uint64_t>(millis) << 18; };
  uint64_t last = 0;
  for (int64_t id = 0; id < 5; ++id) {
    const auto result = collection.Insert(TaggedRows(schema, {id}, "t"));
    ASSERT_OK(result);
    EXPECT_GT(result->timestamp, last);
    last = result->timestamp;
    if (id == 2) clock.now -= 5000;
  }
  EXPECT_LT(last, at(clock.now + 5001));
  clock.now += 10000;
  EXPECT_EQ(collection.Delete({1})->timestamp, at(clock.now));
}

TEST_F(CollectionTest, DynamicFieldsComeBackWithHitsAndByKey) {
  Schema schema = TaggedSchema();
  schema.enable_dynamic_field = true;
  Collection& collection = Create(schema);
  ASSERT_OK(collection.CreateIndex("v", Flat()));
  ASSERT_OK(collection.Insert(
      *RowBatch::FromJson(schema, R"([{"id":1,"tag":"a","v":[1,0,0,0],"colour":"red","n":3}])")));
  ASSERT_OK(collection.Insert(TaggedRows(schema, {2}, "b")));
  for (int round = 0; round < 2; ++round) {
    const std::vector<float> query = {1, 0, 0, 0};
    const auto result =
        collection.Search({.vectors = query, .limit = 1, .output_fields = {"$meta"}});
    ASSERT_OK(result);
    EXPECT_EQ(result->hits(0)[0].GetJson("$meta"), R"({"colour":"red","n":3})");
    EXPECT_EQ(collection.Get({2})->column("$meta")->string(0), "{}");
    ASSERT_OK(collection.Flush());
  }
}

TEST_F(CollectionTest, ShortRowsDoNotFillSegmentsByTheRoomTheyReserve) {
  const Schema schema = TaggedSchema(256);
  Collection& collection = Create(schema, {.segment_max_bytes = 1 << 20});
  for (int64_t id = 0; id < 40; ++id) ASSERT_OK(collection.Insert(TaggedRows(schema, {id}, "t")));
  EXPECT_EQ(collection.Segments()->size(), 1u);
  EXPECT_EQ(db_.executor.num_tasks(), 0u);
}

}  // namespace
}  // namespace vecdb::support
