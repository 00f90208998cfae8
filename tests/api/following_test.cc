// What a reader asks of the store while it follows a writer, and how it follows by itself.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "api/api_testing.h"
#include "support/counting_object_store.h"
#include "support/fake_clock.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

// Errors of refreshes that are told to a listener. Thread-safe.
class RefreshErrors final : public EventListener {
 public:
  void OnError(const ErrorEvent& event) override {
    if (event.source == ErrorSource::kRefresh) ++count;
  }
  std::atomic<int> count = 0;
};

class FollowingTest : public ::testing::Test {
 protected:
  FollowingTest() {
    writer_.options.store = store_;
    reader_.options.store = counted_;
    for (TestDatabase* db : {&writer_, &reader_}) db->options.host.clock = &clock_;
    reader_.options.read_only = true;
  }

  void OpenBoth(const CollectionOptions& options = {}) {
    written_ = *writer_->CreateCollection("c", schema_, options);
    read_ = *reader_->OpenCollection("c");
  }
  void Write(const std::vector<int64_t>& ids, const std::string& tag = "t") {
    clock_.Advance(1);
    Put(*written_, &oracle_, ids, tag);
  }
  // Requests of a refresh, which shows everything.
  uint64_t RequestsOfRefresh() {
    clock_.Advance(1);
    const uint64_t before = counted_->num_requests();
    EXPECT_OK(read_->Refresh());
    const uint64_t requests = counted_->num_requests() - before;
    ExpectSameRows(oracle_, *read_);
    return requests;
  }
  static void AwaitTrue(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  uint64_t CountNow() { return *read_->Count(ConsistencyLevel::kEventually); }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore(clock_);
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<CountingObjectStore> counted_ =
      std::make_shared<CountingObjectStore>(std::make_shared<FaultObjectStore>(store_, faults_));
  TestDatabase writer_;
  TestDatabase reader_;
  std::unique_ptr<Collection> written_;
  std::unique_ptr<Collection> read_;
  Oracle oracle_{schema_};
};

TEST_F(FollowingTest, RefreshThatFindsNothingIsOneRequest) {
  reader_.options.tail_journal = false;
  OpenBoth({.consistency = ConsistencyLevel::kEventually});
  for (int64_t id = 0; id < 20; ++id) {
    Write({id});
    ASSERT_OK(written_->Flush());
  }
  EXPECT_GT(RequestsOfRefresh(), 1u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(RequestsOfRefresh(), 1u);
  // Of the database: the catalog, and each collection that is open.
  const uint64_t before = counted_->num_requests();
  ASSERT_OK(reader_->Refresh());
  EXPECT_EQ(counted_->num_requests() - before, 2u);
}

TEST_F(FollowingTest, TailedJournalIsOneRequestMoreAndOneForEachObject) {
  OpenBoth();
  EXPECT_EQ(RequestsOfRefresh(), 1u);  // there is no journal yet
  Write(Ids(0, 10));
  RequestsOfRefresh();
  EXPECT_EQ(RequestsOfRefresh(), 2u);
  for (int64_t id = 0; id < 30; ++id) Write({id}, "again");
  EXPECT_EQ(RequestsOfRefresh(), 32u);
  Write({3});
  Remove(*written_, &oracle_, {1, 2, 2});
  EXPECT_EQ(RequestsOfRefresh(), 4u);
  EXPECT_EQ(RequestsOfRefresh(), 2u);
}

// Segments and journal objects that are known are not read again.
TEST_F(FollowingTest, NewManifestCostsWhatIsNew) {
  OpenBoth();
  uint64_t last = 0;
  for (int64_t round = 0; round < 7; ++round) {
    Write(Ids(round * 10, 10));
    ASSERT_OK(written_->Flush());
    const uint64_t requests = RequestsOfRefresh();
    if (round >= 2) {
      EXPECT_EQ(requests, last);
    }
    last = requests;
  }
  for (int64_t id = 0; id < 20; ++id) Write({id}, "again");
  RequestsOfRefresh();
  // A manifest that changes no row.
  ASSERT_OK(written_->CreateIndex("v", Flat()));
  EXPECT_LE(RequestsOfRefresh(), 6u);
  Remove(*written_, &oracle_, {50});
  EXPECT_EQ(RequestsOfRefresh(), 3u);
}

TEST_F(FollowingTest, LoadAndReleaseDuringARefreshStay) {
  OpenBoth({.load = LoadPolicy::kManual});
  ASSERT_OK(written_->CreateIndex("v", Flat()));
  Write(Ids(0, 10));
  ASSERT_OK(written_->Flush());
  ASSERT_OK(read_->Refresh());
  const auto refresh_beside = [&](const std::function<void()>& call) {
    Write({5}, "again");
    ASSERT_OK(written_->Flush());
    faults_->Arm({.call = "Open", .mode = FaultMode::kSlow, .on_slow = call});
    ASSERT_OK(read_->Refresh());
  };
  refresh_beside([&] { ASSERT_OK(read_->Load()); });
  EXPECT_EQ(read_->LoadState(), LoadState::kLoaded);
  refresh_beside([&] { ASSERT_OK(read_->Release()); });
  EXPECT_EQ(read_->LoadState(), LoadState::kNotLoaded);
  ExpectSameRows(oracle_, *read_);
}

TEST_F(FollowingTest, DroppedCollectionIsNotTakenForOneWithoutNews) {
  OpenBoth();
  Write(Ids(0, 10));
  ASSERT_OK(written_->Flush());
  ASSERT_OK(read_->Refresh());
  ASSERT_OK(read_->Refresh());
  ASSERT_OK(writer_->DropCollection("c"));
  EXPECT_NE(CodeOf(read_->Refresh()), Code::kOk);
  EXPECT_NE(CodeOf(read_->Count(ConsistencyLevel::kStrong)), Code::kOk);
}

TEST_F(FollowingTest, NullSnapshotIsRefusedAtEveryDoor) {
  OpenBoth();
  Write(Ids(0, 10));
  const Consistency null(std::shared_ptr<const Snapshot>{});
  const std::vector<std::string> fields = {"no_such_field"};
  EXPECT_EQ(CodeOf(read_->Get(Ids(0, 1), fields, null)), Code::kNotFound);
}

// Deletes of the journal are in segments that a later state shares: they count once in each.
TEST_F(FollowingTest, DeletesStayCountedThroughManifests) {
  OpenBoth({.num_shards = 2});
  Write(Ids(0, 30));
  ASSERT_OK(written_->Flush());
  RequestsOfRefresh();
  const auto early = *read_->PinSnapshot();
  Remove(*written_, &oracle_, {1, 2, 2, 3});
  Write({4, 5}, "again");
  EXPECT_EQ(*read_->Count(early), 30u);
  RequestsOfRefresh();
  for (int i = 0; i < 3; ++i) {
    if (i % 2 == 0) {
      ASSERT_OK(written_->CreateIndex("v", Flat()));
    } else {
      ASSERT_OK(written_->DropIndex("v"));
    }
    RequestsOfRefresh();
    EXPECT_EQ(*read_->Count(), oracle_.size());
    EXPECT_EQ(*read_->Count(RowFilter("id >= 0")), oracle_.size());
    EXPECT_EQ(*read_->Count(early), 30u);
  }
  Remove(*written_, &oracle_, {6});
  RequestsOfRefresh();
  EXPECT_EQ(*read_->Count(), oracle_.size());
  ASSERT_OK(written_->Flush());
  RequestsOfRefresh();
  EXPECT_EQ(*read_->Count(), oracle_.size());
  EXPECT_EQ(*read_->Count(early), 30u);
}

// A writer that is opened anew without its journal has lost rows that the reader has seen deleted.
TEST_F(FollowingTest, WhatAWriterHasGivenUpIsGivenUpByReaders) {
  OpenBoth();
  Write(Ids(0, 10));
  ASSERT_OK(written_->Flush());
  const Oracle flushed = oracle_;
  Remove(*written_, &oracle_, {1, 2});
  RequestsOfRefresh();
  writer_.database.reset();
  for (const std::string& log : ObjectsWith(*store_, ".log"))
    ASSERT_OK(store_->Delete(PathOf(log)));
  ASSERT_OK(writer_.TryOpen());
  OpenOptions options;
  options.without_journal = true;
  written_ = *writer_->OpenCollection("c", options);
  oracle_ = flushed;
  RequestsOfRefresh();
  EXPECT_EQ(*read_->Count(), 10u);
}

TEST_F(FollowingTest, TailedRowsOfALoadedCollectionAreSearched) {
  OpenBoth();
  ASSERT_OK(written_->CreateIndex("v", Hnsw()));
  Write(Ids(0, 1200));
  ASSERT_OK(written_->Flush());
  ASSERT_OK(written_->WaitForIndex("v"));
  ASSERT_OK(read_->Refresh());
  for (int64_t id = 1200; id < 1230; ++id) {
    Write({id});
    ASSERT_OK(read_->Refresh());
  }
  ExpectSoundSearch(oracle_, *read_, {.field = "v", .vectors = {1, 2, 3, 0}});
}

TEST_F(FollowingTest, FollowsByItself) {
  reader_.options.refresh_interval_ms = 1;
  OpenBoth();
  Write(Ids(0, 10));
  AwaitTrue([&] { return CountNow() == 10; });
  ASSERT_OK(written_->Flush());
  Write(Ids(10, 10));
  AwaitTrue([&] { return CountNow() == 20; });
  const auto second = *writer_->CreateCollection("second", schema_);
  AwaitTrue([&] { return reader_->HasCollection("second"); });
  ASSERT_OK(writer_->DropCollection("c"));
  AwaitTrue([&] { return !reader_->HasCollection("c"); });
  EXPECT_EQ(CodeOf(read_->Count()), Code::kFailedPrecondition);
  ASSERT_OK(reader_->Close());
  const uint64_t requests = counted_->num_requests();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(counted_->num_requests(), requests);
}

TEST_F(FollowingTest, StoreThatFailsLeavesTheStateAndIsTriedAgain) {
  const auto errors = std::make_shared<RefreshErrors>();
  reader_.options.refresh_interval_ms = 1;
  reader_.options.listener = errors;
  OpenBoth();
  Write(Ids(0, 10));
  AwaitTrue([&] { return CountNow() == 10; });
  faults_->Arm({.call = "List", .sticky = true, .error = absl::UnavailableError("away")});
  Write(Ids(10, 10));
  AwaitTrue([&] { return errors->count > 2; });
  EXPECT_EQ(CountNow(), 10u);
  EXPECT_EQ(CodeOf(read_->Count(ConsistencyLevel::kStrong)), Code::kUnavailable);
  faults_->Disarm();
  AwaitTrue([&] { return CountNow() == 20; });
}

TEST_F(FollowingTest, OptionsOutOfBoundsAreInvalid) {
  ASSERT_OK(writer_.TryOpen());
  DatabaseOptions& options = reader_.options;
  for (const int64_t interval : {-1LL, 86'400'001LL}) {
    options.refresh_interval_ms = interval;
    EXPECT_EQ(CodeOf(reader_.TryOpen()), Code::kInvalidArgument) << interval;
  }
  options.refresh_interval_ms = 86'400'000;
  for (const int64_t lease : {-1LL, 999LL, 86'400'001LL}) {
    options.reader_lease_ms = lease;
    EXPECT_EQ(CodeOf(reader_.TryOpen()), Code::kInvalidArgument) << lease;
  }
  options.reader_lease_ms = 0;
  EXPECT_OK(reader_.TryOpen());
}

TEST_F(FollowingTest, OpenReadOnlyIsADoorOfItsOwn) {
  EXPECT_EQ(CodeOf(Database::OpenReadOnly({.store = store_})), Code::kNotFound);
  ASSERT_OK(writer_.TryOpen());
  const auto reader = Database::OpenReadOnly({.store = store_});
  ASSERT_OK(reader);
  EXPECT_EQ(CodeOf((*reader)->CreateCollection("d", schema_)), Code::kFailedPrecondition);
}

// --- Levels of consistency, beside a writer, without a follower.

TEST_F(FollowingTest, StrongAndBoundedReadsRefreshWhenTheyHaveTo) {
  OpenBoth();
  Write({1});
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kStrong), 1u);
  Write({2});
  // Fresh enough for an older bound, and for levels without one.
  const uint64_t before = counted_->num_requests();
  EXPECT_EQ(*read_->Count(Consistency::Bounded(100)), 1u);
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kSession), 1u);
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kEventually), 1u);
  EXPECT_EQ(counted_->num_requests(), before);
  clock_.Advance(100);
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kEventually), 1u);
  EXPECT_EQ(*read_->Count(Consistency::Bounded(100)), 2u);
  EXPECT_EQ(counted_->num_requests() - before, 3u);  // two lists, and the object
  Write({3});
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kStrong), 3u);
}

TEST_F(FollowingTest, AtLeastAndAsOfFollowTheJournal) {
  OpenBoth({.retention_ms = 10'000});
  std::vector<uint64_t> times;
  for (int64_t id = 0; id < 4; ++id) {
    clock_.Advance(5);
    times.push_back(written_->Upsert(TaggedRows(schema_, {id}, "t"))->timestamp);
    clock_.Advance(1);
    EXPECT_EQ(*read_->Count(Consistency::AtLeast(times.back())), times.size());
  }
  for (size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(*read_->Count(Consistency::AsOf(times[i])), i + 1);
  }
}

TEST_F(FollowingTest, WithoutTheJournalStrongIsRefused) {
  reader_.options.tail_journal = false;
  OpenBoth();
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kStrong), 0u);  // nothing was ever written
  Write({1});
  EXPECT_EQ(CodeOf(read_->Count(ConsistencyLevel::kStrong)), Code::kFailedPrecondition);
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kEventually), 0u);
  ASSERT_OK(written_->Flush());
  EXPECT_EQ(*read_->Count(Consistency::Bounded(50)), 1u);
  clock_.Advance(51);
  EXPECT_EQ(CodeOf(read_->Count(Consistency::Bounded(50))), Code::kUnavailable);
  ASSERT_OK(writer_->Close());
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kStrong), 1u);
}

TEST_F(FollowingTest, MetricsTellOfRefreshesAndOfTheAge) {
  OpenBoth();
  Write({1});
  RequestsOfRefresh();  // finds a manifest, which names the journal
  Write({2});
  RequestsOfRefresh();
  RequestsOfRefresh();
  clock_.Advance(2500);
  const std::string text = reader_->MetricsText();
  for (const char* line : {"vecdb_reader_refreshes_total{collection=\"c\",found=\"manifest\"} 1",
                           "vecdb_reader_refreshes_total{collection=\"c\",found=\"journal\"} 1",
                           "vecdb_reader_refreshes_total{collection=\"c\",found=\"nothing\"} 1",
                           "vecdb_reader_age_seconds{collection=\"c\"} 2.5"}) {
    EXPECT_TRUE(Contains(text, line)) << line << "\n" << text;
  }
  EXPECT_FALSE(Contains(writer_->MetricsText(), "vecdb_reader"));
}

}  // namespace
}  // namespace vecdb::support
