// Rows that expire: CollectionOptions::ttl_seconds, over a clock that moves when the test says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "api/api_testing.h"
#include "support/fake_clock.h"
#include "support/fault_file_system.h"
#include "support/fault_object_store.h"
#include "support/seeded_random.h"

namespace vecdb::support {
namespace {

constexpr int64_t kTtlSeconds = 10;
constexpr int64_t kTtl = kTtlSeconds * 1000;  // in milliseconds
constexpr int kTtlCounterBits = 18;

std::vector<int64_t> IdsOf(const RowBatch& rows) {
  const Column* keys = rows.column("id");
  if (keys == nullptr) return {};
  std::vector<int64_t> ids(keys->int64s().begin(), keys->int64s().end());
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<int64_t> IdsOf(const SearchResult& result) {
  std::vector<int64_t> ids;
  for (const Hit& hit : result.hits(0)) ids.push_back(hit.int64_key());
  std::sort(ids.begin(), ids.end());
  return ids;
}

class TtlTest : public ::testing::Test {
 protected:
  TtlTest() {
    db_.options.store = MakeMemoryObjectStore(clock_);
    db_.options.journal_directory = MakeMemoryFileSystem(clock_);
    db_.options.host.clock = &clock_;
    Create({.num_shards = 2, .ttl_seconds = kTtlSeconds, .auto_compaction = false});
  }

  void Create(const CollectionOptions& options) {
    if (db_->HasCollection("c")) {
      EXPECT_OK(db_->DropCollection("c"));
    }
    c_ = *db_->CreateCollection("c", schema_, options);
    EXPECT_OK(c_->CreateIndex("v", Flat()));
  }
  void Upsert(const std::vector<int64_t>& ids) {
    EXPECT_OK(c_->Upsert(TaggedRows(schema_, ids, "t")));
  }
  void Flush() { EXPECT_OK(c_->Flush()); }
  CompactionReport Compact(const CompactOptions& options = {}) {
    const auto id = c_->Compact(options);
    EXPECT_OK(id);
    EXPECT_OK(c_->WaitForCompaction(*id));
    return *c_->CompactionState(*id);
  }
  void Reopen() {
    c_.reset();
    db_.Reopen();
    c_ = *db_->OpenCollection("c");
  }
  void Crash() {
    c_.reset();
    db_.Crash();
    c_ = *db_->OpenCollection("c");
  }
  uint64_t TimestampIn(int64_t millis) const {
    return static_cast<uint64_t>(clock_.NowMillis() + millis) << kTtlCounterBits;
  }
  uint64_t StoredRows() const {
    uint64_t rows = 0;
    const auto segments = c_->Segments();
    for (const SegmentDescription& segment : *segments) rows += segment.num_rows;
    return rows;
  }

  // What every kind of read finds, of keys 0 to 99.
  void ExpectFound(const std::vector<int64_t>& ids, const Consistency& at = {}) const {
    EXPECT_EQ(*c_->Count(at), ids.size());
    EXPECT_EQ(*c_->Count(RowFilter("id >= 0"), at), ids.size());
    EXPECT_EQ(*c_->Count(RowFilter(), at), ids.size());
    EXPECT_EQ(IdsOf(*c_->Get(Ids(0, 100), {}, at)), ids);
    for (const bool by_key : {true, false}) {
      const auto rows = c_->Query({.limit = 1000, .order_by_key = by_key, .consistency = at});
      ASSERT_OK(rows);
      EXPECT_EQ(IdsOf(*rows), ids);
    }
    const auto rows = c_->OpenQueryIterator({.consistency = at}, {.batch_size = 1000});
    ASSERT_OK(rows);
    EXPECT_EQ(IdsOf(*(*rows)->Next()), ids);
    if (c_->LoadState() != LoadState::kLoaded) return;
    const std::vector<float> query = {1, 2, 0, 3};
    SearchRequest request{.vectors = query, .limit = 1000, .consistency = at};
    const auto hits = c_->OpenSearchIterator(request, {.batch_size = 1000});
    ASSERT_OK(hits);
    EXPECT_EQ(IdsOf(*(*hits)->Next()), ids);
    for (const char* filter : {"", "id >= 0"}) {
      request.filter = RowFilter(filter);
      const auto found = c_->Search(request);
      ASSERT_OK(found);
      EXPECT_EQ(IdsOf(*found), ids);
    }
    request.filter = {};
    request.limit = 5;
    request.group_by = "id";
    const auto grouped = c_->Search(request);
    ASSERT_OK(grouped);
    EXPECT_EQ(grouped->hits(0).size(), std::min<size_t>(ids.size(), 5));
  }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  TestDatabase db_;
  std::unique_ptr<Collection> c_;
};

TEST_F(TtlTest, WhatCannotBeIsRefusedWithTheLimit) {
  const auto negative = db_->CreateCollection("d", schema_, {.ttl_seconds = -1});
  EXPECT_EQ(CodeOf(negative), Code::kInvalidArgument);
  EXPECT_TRUE(Says(negative, "ttl_seconds -1: must be 0 to 3162240000"));
  EXPECT_EQ(CodeOf(db_->CreateCollection("d", schema_, {.ttl_seconds = 3'162'240'001})),
            Code::kInvalidArgument);
  EXPECT_OK(db_->CreateCollection("d", schema_, {.ttl_seconds = 3'162'240'000}));
  Reopen();
  EXPECT_EQ(c_->Describe()->options.ttl_seconds, kTtlSeconds);
}

TEST_F(TtlTest, RowsExpireOnTheMillisecondWhereverTheyAre) {
  struct Stage {
    const char* what;
    std::function<void()> then;
  };
  const Stage stages[] = {
      {"growing", [] {}},
      {"sealed and loaded", [&] { Flush(); }},
      {"not loaded",
       [&] {
         Flush();
         EXPECT_OK(c_->Release());
       }},
      {"mapped",
       [&] {
         Flush();
         EXPECT_OK(c_->Release());
         EXPECT_OK(c_->Load({.mode = LoadMode::kMap}));
       }},
      {"compacted",
       [&] {
         Flush();
         Upsert({30, 31});
         Flush();
         Compact();
       }},
      {"opened again", [&] { Reopen(); }},
      {"replayed", [&] { Crash(); }},
  };
  for (const Stage& one : stages) {
    SCOPED_TRACE(one.what);
    Create({.num_shards = 2, .ttl_seconds = kTtlSeconds, .auto_compaction = false});
    Upsert(Ids(0, 20));
    clock_.Advance(1);
    Upsert(Ids(20, 20));
    one.then();
    clock_.Advance(kTtl - 2);
    ExpectFound(Ids(0, 40));
    clock_.Advance(1);
    ExpectFound(Ids(20, 20));
    clock_.Advance(1);
    ExpectFound({});
  }
}

TEST_F(TtlTest, EveryLevelShowsTheSame) {
  Upsert(Ids(0, 5));
  clock_.Advance(kTtl - 1);
  const std::vector<Consistency> levels = {
      ConsistencyLevel::kStrong, ConsistencyLevel::kSession, ConsistencyLevel::kBounded,
      ConsistencyLevel::kEventually, Consistency::AtLeast(TimestampIn(-kTtl))};
  for (const Consistency& level : levels) ExpectFound(Ids(0, 5), level);
  clock_.Advance(1);
  for (const Consistency& level : levels) ExpectFound({}, level);
}

TEST_F(TtlTest, RowsOfManySegmentsExpireOneAfterTheOther) {
  for (int64_t i = 0; i < 8; ++i) {
    Upsert(Ids(i * 10, 10));
    if (i % 2 == 1) Flush();
    clock_.Advance(1000);
  }
  for (int64_t i = 0; i < 8; ++i) {  // 8 seconds after the first
    ExpectFound(Ids(i * 10, static_cast<size_t>(80 - i * 10)));
    clock_.Advance(i == 0 ? 2000 : 1000);
    if (i == 3) Compact();
  }
  ExpectFound({});
}

TEST_F(TtlTest, AnUpsertLetsAKeyLiveAgain) {
  for (const bool flushed : {false, true}) {
    Upsert(Ids(0, 10));
    if (flushed) Flush();
    clock_.Advance(kTtl - 1);
    const auto renewed = c_->Upsert(TaggedRows(schema_, {1, 2}, "t"));
    ASSERT_OK(renewed);
    EXPECT_EQ(renewed->delete_count, 2u);
    clock_.Advance(1);
    ExpectFound({1, 2});
    const auto again = c_->Upsert(TaggedRows(schema_, {2, 3, 4}, "t"));
    ASSERT_OK(again);
    EXPECT_EQ(again->upsert_count, 3u);
    EXPECT_EQ(again->delete_count, 1u);  // the others had gone
    ExpectFound({1, 2, 3, 4});
    Crash();
    ExpectFound({1, 2, 3, 4});
    clock_.Advance(kTtl - 1);
    ExpectFound({2, 3, 4});
    clock_.Advance(1);
    ExpectFound({});
  }
}

TEST_F(TtlTest, KeysOfExpiredRowsAreFreeAndDeletesOfThemDoNothing) {
  for (const bool flushed : {false, true}) {
    ASSERT_OK(c_->Insert(TaggedRows(schema_, Ids(0, 10), "t")));
    if (flushed) Flush();
    clock_.Advance(kTtl - 1);
    EXPECT_EQ(CodeOf(c_->Insert(TaggedRows(schema_, {3}, "t"))), Code::kAlreadyExists);
    clock_.Advance(1);
    EXPECT_EQ(c_->Delete({0, 1})->delete_count, 0u);
    EXPECT_EQ(c_->DeleteWhere("id < 3")->delete_count, 0u);
    const auto inserted = c_->Insert(TaggedRows(schema_, {3, 4, 50}, "t"));
    ASSERT_OK(inserted);
    EXPECT_EQ(inserted->insert_count, 3u);
    EXPECT_EQ(inserted->delete_count, 0u);
    ExpectFound({3, 4, 50});
    EXPECT_EQ(CodeOf(c_->Insert(TaggedRows(schema_, {3}, "t"))), Code::kAlreadyExists);
    EXPECT_EQ(c_->DeleteWhere("id < 4")->delete_count, 1u);
    EXPECT_EQ(c_->Delete({4, 5})->delete_count, 1u);
    ExpectFound({50});
    Crash();
    ExpectFound({50});
    clock_.Advance(kTtl);
    ExpectFound({});
  }
}

TEST_F(TtlTest, AClockThatGoesBackShowsNoKeyTwiceAndNoDeletedRow) {
  for (const bool flushed : {false, true}) {
    SCOPED_TRACE(flushed);
    Create({.num_shards = 2, .ttl_seconds = kTtlSeconds, .auto_compaction = false});
    ASSERT_OK(c_->Insert(TaggedRows(schema_, Ids(0, 10), "old")));
    if (flushed) Flush();
    clock_.Advance(kTtl);
    ASSERT_OK(c_->Delete({0}));
    ASSERT_OK(c_->DeleteWhere("id == 1"));
    ASSERT_OK(c_->Insert(TaggedRows(schema_, {2}, "new")));
    Upsert({3});
    clock_.Advance(-kTtl);
    ExpectFound(Ids(2, 8));
    EXPECT_EQ(*c_->Count(RowFilter("tag == \"new\"")), 1u);
    Crash();
    ExpectFound(Ids(2, 8));
    Flush();
    Compact();
    ExpectFound(Ids(2, 8));
    EXPECT_EQ(c_->Describe()->num_rows, 8u);
    Reopen();
    ExpectFound(Ids(2, 8));
    // What is written by a clock that has gone back lives on from the time it had come to.
    Upsert({60});
    clock_.Advance(2 * kTtl - 1);
    ExpectFound({2, 3, 60});
    clock_.Advance(1);
    ExpectFound({});
  }
}

TEST_F(TtlTest, CompactionRemovesWhatHasExpired) {
  Upsert(Ids(0, 40));
  Flush();
  clock_.Advance(1000);
  Upsert(Ids(40, 60));
  Flush();
  ASSERT_OK(c_->Delete({5, 45}));
  Flush();
  const uint64_t before = c_->Describe()->store_bytes;
  clock_.Advance(kTtl - 1001);
  EXPECT_TRUE(Compact({.thorough = false}).merges.empty());
  clock_.Advance(1);
  const CompactionReport report = Compact({.thorough = false});
  ASSERT_EQ(report.merges.size(), 2u);
  for (const SegmentMerge& merge : report.merges) {
    EXPECT_EQ(merge.reason, CompactionReason::kExpiredRows);
    EXPECT_EQ(merge.target, "");
  }
  EXPECT_EQ(StoredRows(), 60u);
  EXPECT_LT(c_->Describe()->store_bytes, before);
  EXPECT_EQ(c_->Describe()->num_rows, 59u);
  std::vector<int64_t> left = Ids(40, 60);
  std::erase(left, 45);
  ExpectFound(left);
  clock_.Advance(1000);
  Compact();
  EXPECT_TRUE(c_->Segments()->empty());
  EXPECT_EQ(c_->Describe()->num_rows, 0u);
  ExpectFound({});
  Upsert({7});
  ExpectFound({7});
  Reopen();
  ExpectFound({7});
  EXPECT_EQ(c_->Describe()->num_rows, 1u);
}

TEST_F(TtlTest, ByItselfCompactionWaitsForAFifth) {
  Create({.ttl_seconds = kTtlSeconds, .auto_compaction = true});
  Upsert(Ids(0, 19));
  clock_.Advance(1);
  Upsert({19});
  clock_.Advance(1);
  Upsert(Ids(20, 80));
  Flush();
  clock_.Advance(kTtl - 2);
  db_.executor.RunAll();
  EXPECT_EQ(c_->Maintain({})->num_compactions_left, 0u);
  EXPECT_EQ(StoredRows(), 100u);
  clock_.Advance(1);
  EXPECT_EQ(c_->Maintain({})->num_compactions_left, 0u);
  EXPECT_EQ(StoredRows(), 80u);
  ExpectFound(Ids(20, 80));
}

TEST_F(TtlTest, ARemovedRowStaysAwayWhenTheClockGoesBackAndLiveRowsStay) {
  Upsert(Ids(0, 10));
  Flush();
  clock_.Advance(kTtl / 2);
  Upsert(Ids(10, 10));
  Flush();
  clock_.Advance(kTtl / 2);
  Compact();
  EXPECT_EQ(StoredRows(), 10u);
  ExpectFound(Ids(10, 10));
  std::vector<int64_t> left = Ids(10, 10);
  for (int round = 0; round < 2; ++round) {
    clock_.Advance(-3 * kTtl);
    ExpectFound(left);
    left = Ids(10, 10);
    left.push_back(30);
    Upsert({30});
    ExpectFound(left);
    Compact();
    EXPECT_EQ(c_->Describe()->num_rows, 11u);
    clock_.Advance(3 * kTtl);
    ExpectFound(left);
    Crash();
  }
}

TEST_F(TtlTest, SnapshotsAndIteratorsKeepTheTimeTheyWereTakenAt) {
  Upsert(Ids(0, 10));
  Flush();
  clock_.Advance(kTtl - 1);
  Upsert(Ids(10, 10));
  const auto snapshot = c_->PinSnapshot();
  ASSERT_OK(snapshot);
  const auto rows = c_->OpenQueryIterator({}, {.batch_size = 5});
  ASSERT_OK(rows);
  const std::vector<float> query = {1, 2, 0, 3};
  const auto hits = c_->OpenSearchIterator({.vectors = query}, {.batch_size = 5});
  ASSERT_OK(hits);
  EXPECT_EQ(IdsOf(*(*rows)->Next()), Ids(0, 5));
  clock_.Advance(1);
  ExpectFound(Ids(10, 10));
  Compact();
  ExpectFound(Ids(0, 20), *snapshot);
  for (int64_t i = 1; i < 4; ++i) EXPECT_EQ(IdsOf(*(*rows)->Next()), Ids(i * 5, 5));
  size_t num_hits = 0;
  for (int i = 0; i < 4; ++i) num_hits += (*hits)->Next()->hits(0).size();
  EXPECT_EQ(num_hits, 20u);
  clock_.Advance(kTtl);
  ExpectFound(Ids(0, 20), *snapshot);
  const auto late = c_->PinSnapshot();
  ExpectFound({}, *late);
}

TEST_F(TtlTest, AsOfShowsWhatWasAliveThen) {
  Create({.num_shards = 2,
          .retention_ms = kTtl,
          .ttl_seconds = kTtlSeconds,
          .auto_compaction = false});
  Upsert(Ids(0, 10));
  const uint64_t written = TimestampIn(0);
  Flush();
  clock_.Advance(kTtl / 2);
  Upsert(Ids(10, 10));
  Flush();
  clock_.Advance(kTtl / 2 + 1);
  ExpectFound(Ids(10, 10));
  const auto later = [written](int64_t millis) {
    return written + (static_cast<uint64_t>(millis) << kTtlCounterBits);
  };
  const auto check = [&] {
    ExpectFound(Ids(0, 20), Consistency::AsOf(later(kTtl) - 1));
    ExpectFound(Ids(10, 10), Consistency::AsOf(later(kTtl)));
  };
  check();
  ExpectFound(Ids(0, 10), Consistency::AsOf(later(kTtl / 2) - 1));
  Compact();
  EXPECT_EQ(StoredRows(), 20u);  // reads may ask for them
  check();
  clock_.Advance(kTtl - 2);
  Compact();
  EXPECT_EQ(StoredRows(), 20u);
  check();
  clock_.Advance(1);
  Compact();
  EXPECT_EQ(StoredRows(), 10u);
  EXPECT_EQ(CodeOf(c_->Count(Consistency::AsOf(TimestampIn(-kTtl) - 1))),
            Code::kFailedPrecondition);
  ExpectFound(Ids(10, 10), Consistency::AsOf(TimestampIn(-kTtl)));
  // What was removed cannot be shown, whatever the clock says.
  clock_.Advance(-2);
  const auto gone = c_->Count(Consistency::AsOf(TimestampIn(-kTtl)));
  EXPECT_EQ(CodeOf(gone), Code::kFailedPrecondition);
  EXPECT_TRUE(Says(gone, "have been removed"));
  Reopen();
  EXPECT_EQ(CodeOf(c_->Count(Consistency::AsOf(TimestampIn(-kTtl)))), Code::kFailedPrecondition);
}

TEST_F(TtlTest, ReadersAloneGoByTheirClock) {
  Upsert(Ids(0, 10));
  Flush();
  clock_.Advance(1);
  Upsert(Ids(10, 10));
  TestDatabase reader(db_.options.store);
  reader.options.read_only = true;
  reader.options.journal_directory = db_.options.journal_directory;
  reader.options.host.clock = &clock_;
  const auto c = *reader->OpenCollection("c");
  clock_.Advance(kTtl - 2);
  EXPECT_EQ(*c->Count(), 20u);
  clock_.Advance(1);
  EXPECT_EQ(*c->Count(), 10u);
  EXPECT_EQ(IdsOf(*c->Get(Ids(0, 20))), Ids(10, 10));
}

TEST_F(TtlTest, GraphsFindTheRowsThatAreLeft) {
  Create({.ttl_seconds = kTtlSeconds, .auto_compaction = false});
  ASSERT_OK(c_->DropIndex("v"));
  ASSERT_OK(c_->CreateIndex("v", Hnsw()));
  for (int64_t i = 0; i < 20; ++i) {
    Upsert(Ids(i * 100, 100));
    clock_.Advance(100);
  }
  Flush();
  ASSERT_OK(c_->WaitForIndex("v"));
  const std::vector<float> query = {1, 2, 0, 3};
  clock_.Advance(kTtl - 2000 - 1);
  for (int64_t expired = 0; expired <= 20; ++expired) {
    for (const int32_t limit : {1, 10, 300}) {
      const auto found = c_->Search({.vectors = query, .limit = limit});
      ASSERT_OK(found);
      const auto left = static_cast<size_t>(2000 - expired * 100);
      ASSERT_EQ(found->hits(0).size(), std::min(left, static_cast<size_t>(limit))) << expired;
      for (const Hit& hit : found->hits(0)) EXPECT_GE(hit.int64_key(), expired * 100);
    }
    EXPECT_EQ(*c_->Count(), static_cast<uint64_t>(2000 - expired * 100));
    clock_.Advance(expired == 0 ? 1 : 100);
  }
}

TEST_F(TtlTest, KeysThatAreMadeExpireAndComeBackFromTheJournal) {
  Schema schema = schema_;
  schema.fields[0].auto_id = true;
  auto made = *db_->CreateCollection("d", schema, {.ttl_seconds = kTtlSeconds});
  ASSERT_OK(made->Insert(TaggedRows(schema, Ids(0, 3), "t")));
  clock_.Advance(1);
  ASSERT_OK(made->Insert(TaggedRows(schema, Ids(0, 4), "t")));
  made.reset();
  Crash();
  const auto again = *db_->OpenCollection("d");
  EXPECT_EQ(*again->Count(), 7u);
  clock_.Advance(kTtl - 1);
  EXPECT_EQ(*again->Count(), 4u);
}

// A model of rows and the times they were written at.
class TtlOracleTest : public TtlTest {
 protected:
  std::vector<int64_t> Alive() const {
    std::vector<int64_t> ids;
    for (const auto& [id, written_ms] : written_) {
      if (clock_.NowMillis() < written_ms + kTtl) ids.push_back(id);
    }
    return ids;
  }
  bool IsAlive(int64_t id) const {
    const auto found = written_.find(id);
    return found != written_.end() && clock_.NowMillis() < found->second + kTtl;
  }
  void Write(const std::vector<int64_t>& ids, bool insert) {
    const RowBatch rows = TaggedRows(schema_, ids, "t");
    const auto alive = static_cast<uint64_t>(
        std::count_if(ids.begin(), ids.end(), [this](int64_t id) { return IsAlive(id); }));
    const auto written = insert ? c_->Insert(rows) : c_->Upsert(rows);
    if (insert && alive > 0) {
      EXPECT_EQ(CodeOf(written), Code::kAlreadyExists);
      return;
    }
    ASSERT_OK(written);
    EXPECT_EQ(written->delete_count, alive);
    for (const int64_t id : ids) written_[id] = clock_.NowMillis();
  }
  void Delete(const std::vector<int64_t>& ids) {
    const auto alive = static_cast<uint64_t>(
        std::count_if(ids.begin(), ids.end(), [this](int64_t id) { return IsAlive(id); }));
    const auto deleted = c_->Delete(ids);
    ASSERT_OK(deleted);
    EXPECT_EQ(deleted->delete_count, alive);
    for (const int64_t id : ids) written_.erase(id);
  }

  std::map<int64_t, int64_t> written_;
};

TEST_F(TtlOracleTest, WhateverIsDoneTheRowsThatAreAliveAreFound) {
  const uint64_t seed = TestSeed("WhateverIsDoneTheRowsThatAreAliveAreFound");
  SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", seed));
  SeededRandom random(seed);
  for (int step = 0; step < ScaledCount(60) && !HasFailure(); ++step) {
    std::vector<int64_t> ids;
    for (int64_t id = 0; id < 30; ++id) {
      if (random.OneIn(4)) ids.push_back(id);
    }
    if (!ids.empty()) {
      random.OneIn(4) ? Delete(ids) : Write(ids, random.OneIn(3));
    }
    if (random.OneIn(2)) clock_.Advance(static_cast<int64_t>(random.Below(3000)));
    if (random.OneIn(3)) Flush();
    if (random.OneIn(6)) Compact({.thorough = random.OneIn(2)});
    if (random.OneIn(12)) random.OneIn(2) ? Reopen() : Crash();
    if (random.OneIn(5)) {  // to the moment at which the next row expires, and just before
      int64_t next = clock_.NowMillis() + kTtl;
      for (const auto& [id, written_ms] : written_) {
        const int64_t end = written_ms + kTtl;
        if (end > clock_.NowMillis() + 1) next = std::min(next, end);
      }
      clock_.Set(next - 1);
      ExpectFound(Alive());
      clock_.Advance(1);
    }
    ExpectFound(Alive());
  }
  clock_.Advance(kTtl);
  ExpectFound({});
  Flush();
  Compact();
  EXPECT_EQ(StoredRows(), 0u);
}

}  // namespace
}  // namespace vecdb::support
