// A database opened for reading alone, beside its writer.
#include <gtest/gtest.h>

#include <functional>

#include "api/api_testing.h"
#include "support/fake_clock.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

using Names = std::vector<std::string>;

// How writer and reader share a place.
enum class Sharing {
  kFileSystem,        // one directory
  kStore,             // one store, journals as objects
  kStoreAndJournals,  // one store and one directory of journals
};

class ReadOnlyTest : public ::testing::Test {
 protected:
  explicit ReadOnlyTest(Sharing sharing = Sharing::kFileSystem) {
    for (TestDatabase* db : {&writer_, &reader_}) {
      db->options.store = sharing == Sharing::kFileSystem ? nullptr : store_;
      if (sharing == Sharing::kFileSystem) db->options.file_system = files_;
      if (sharing == Sharing::kStoreAndJournals) db->options.journal_directory = files_;
      db->options.host.clock = &clock_;
    }
    reader_.options.read_only = true;
  }

  // Creates the collection and opens it on both sides.
  void OpenBoth(const CollectionOptions& options = {}) {
    written_ = *writer_->CreateCollection("c", schema_, options);
    auto opened = reader_->OpenCollection("c");
    ASSERT_OK(opened);
    read_ = *std::move(opened);
  }
  void Write(const std::vector<int64_t>& ids, const std::string& tag = "t") {
    clock_.Advance(1);
    Put(*written_, &oracle_, ids, tag);
  }
  void ExpectReaderSees(const Oracle& oracle) { ExpectSameRows(oracle, *read_); }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  const std::shared_ptr<FileSystem> files_ = MakeMemoryFileSystem(clock_);
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore(clock_);
  TestDatabase writer_;
  TestDatabase reader_;
  std::unique_ptr<Collection> written_;
  std::unique_ptr<Collection> read_;
  Oracle oracle_{schema_};
};

class SharedReadOnlyTest : public ReadOnlyTest, public ::testing::WithParamInterface<Sharing> {
 protected:
  SharedReadOnlyTest() : ReadOnlyTest(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(All, SharedReadOnlyTest,
                         ::testing::Values(Sharing::kFileSystem, Sharing::kStore,
                                           Sharing::kStoreAndJournals));

TEST_P(SharedReadOnlyTest, SeesFlushedAndJournalledWritesAfterRefreshAndNoneBefore) {
  OpenBoth({.num_shards = 2});
  const std::pair<const char*, std::function<void()>> steps[] = {
      {"first write", [&] { Write(Ids(0, 10), "first"); }},
      {"upsert", [&] { Write(Ids(5, 10), "second"); }},
      {"delete",
       [&] {
         Remove(*written_, &oracle_, {1, 7, 14});
       }},
      {"flush", [&] { ASSERT_OK(written_->Flush()); }},
      {"delete of flushed rows",
       [&] {
         Remove(*written_, &oracle_, {2, 9});
       }},
      {"upsert of flushed rows",
       [&] {
         Write({3, 4, 40}, "third");
       }},
      {"second flush", [&] { ASSERT_OK(written_->Flush()); }},
      {"write behind it", [&] { Write({50}, "fourth"); }},
      {"close", [&] { ASSERT_OK(writer_->Close()); }},
  };
  for (const auto& [name, step] : steps) {
    SCOPED_TRACE(name);
    const Oracle before = oracle_;
    step();
    ExpectReaderSees(before);
    ASSERT_OK(read_->Refresh());
    ExpectReaderSees(oracle_);
  }
  ASSERT_OK(reader_->Refresh());
  ExpectReaderSees(oracle_);
}

TEST_P(SharedReadOnlyTest, WritesNothingAnywhere) {
  OpenBoth();
  ASSERT_OK(written_->CreateIndex("v", Hnsw()));
  Write(Ids(0, 1100));
  ASSERT_OK(written_->Flush());
  Write(Ids(1100, 5));
  const auto all = [&] {
    std::map<std::string, std::string> found;
    for (const std::string& path : FilesBelow(*files_, "")) found[path] = *ReadFile(*files_, path);
    for (const std::string& path : ObjectsWith(*store_, "")) {
      found[path] = *GetObject(*store_, PathOf(path), kNoLimit);
    }
    return found;
  };
  const auto before = all();
  reader_.Crash();
  read_ = *reader_->OpenCollection("c");
  ExpectReaderSees(oracle_);
  ExpectSameSearch(oracle_, *read_, {.field = "v", .vectors = {1, 2, 3, 0}});
  EXPECT_OK(read_->Refresh());
  EXPECT_OK(reader_->Refresh());
  EXPECT_OK(read_->Release());
  EXPECT_OK(read_->Load());
  EXPECT_EQ(reader_->Verify()->damage, std::vector<std::string>());
  reader_.executor.RunAll();
  EXPECT_OK(reader_->Close());
  EXPECT_TRUE(all() == before);
}

TEST_P(SharedReadOnlyTest, StrongReadRefreshesByItself) {
  OpenBoth();
  for (int64_t id = 0; id < 5; ++id) {
    Write({id});
    EXPECT_EQ(*read_->Count(ConsistencyLevel::kStrong), oracle_.size());
    ExpectReaderSees(oracle_);  // from then on
  }
}

// The clock has not moved since the refresh before; the write has returned all the same.
TEST_P(SharedReadOnlyTest, StrongReadSeesAWriteOfTheSameMillisecond) {
  OpenBoth();
  for (int64_t id = 0; id < 5; ++id) {
    Put(*written_, &oracle_, {id}, "t");
    EXPECT_EQ(*read_->Count(ConsistencyLevel::kStrong), oracle_.size());
  }
}

TEST_P(SharedReadOnlyTest, BoundedReadRefreshesWhenTheBoundIsPassed) {
  OpenBoth();
  Write({1});
  clock_.Advance(5000 - 2);
  EXPECT_EQ(*read_->Count(), 0u);
  clock_.Advance(2);
  EXPECT_EQ(*read_->Count(Consistency::Bounded(6000)), 0u);
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kEventually), 0u);
  EXPECT_EQ(*read_->Count(), 1u);
}

TEST_P(SharedReadOnlyTest, AtLeastTheTimeOfAWriteSeesIt) {
  OpenBoth();
  for (int64_t id = 0; id < 3; ++id) {
    clock_.Advance(1);
    const auto write = written_->Upsert(TaggedRows(schema_, {id}, "t"));
    ASSERT_OK(write);
    clock_.Advance(1);
    EXPECT_EQ(*read_->Count(Consistency::AtLeast(write->timestamp)), static_cast<uint64_t>(id + 1));
  }
}

// As in the process that writes: further writes may come in the same millisecond.
TEST_P(SharedReadOnlyTest, AtLeastWaitsForATimeThatHasNotCome) {
  OpenBoth();
  const auto write = written_->Upsert(TaggedRows(schema_, {1}, "t"));
  ASSERT_OK(write);
  const Context brief = Context::WithTimeout(absl::Milliseconds(5));
  const Consistency at_least = Consistency::AtLeast(write->timestamp);
  const auto early = read_->Count(at_least, brief);
  EXPECT_EQ(CodeOf(early), Code::kDeadlineExceeded) << early.status();
  clock_.Advance(1);
  EXPECT_EQ(*read_->Count(at_least), 1u);
  const uint64_t far = static_cast<uint64_t>(clock_.NowMillis() + 86'400'001) << 18;
  EXPECT_EQ(CodeOf(read_->Count(Consistency::AtLeast(far))), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(read_->Count(Consistency::AsOf(far))), Code::kInvalidArgument);
}

TEST_P(SharedReadOnlyTest, AsOfGoesBackWithinTheRetention) {
  OpenBoth({.retention_ms = 1000});
  std::vector<std::pair<uint64_t, uint64_t>> states;  // time, rows
  for (int64_t id = 0; id < 6; ++id) {
    clock_.Advance(10);
    const auto write = written_->Upsert(TaggedRows(schema_, {id}, "t"));
    states.emplace_back(write->timestamp, id + 1);
    if (id % 2 == 0) {
      ASSERT_OK(written_->Flush());
    }
  }
  clock_.Advance(1);
  for (const auto& [timestamp, rows] : states) {
    EXPECT_EQ(*read_->Count(Consistency::AsOf(timestamp)), rows);
  }
  clock_.Advance(1000);
  EXPECT_EQ(CodeOf(read_->Count(Consistency::AsOf(states[0].first))), Code::kFailedPrecondition);
}

TEST_P(SharedReadOnlyTest, SnapshotStaysThroughRefreshes) {
  OpenBoth();
  Write(Ids(0, 10));
  ASSERT_OK(read_->Refresh());
  const Oracle then = oracle_;
  const auto snapshot = *read_->PinSnapshot();
  for (int64_t id = 0; id < 6; ++id) {
    Write({id}, "later");
    if (id % 2 == 0) {
      ASSERT_OK(written_->Flush());
    }
    ASSERT_OK(read_->Refresh());
    EXPECT_TRUE(RowsOf(schema_, *read_->Get(Ids(0, 20), {}, snapshot)) == then);
    EXPECT_EQ(*read_->Count(snapshot), then.size());
  }
}

TEST_P(SharedReadOnlyTest, IndexesOfTheWriterAreFollowed) {
  OpenBoth();
  Write(Ids(0, 1100));
  ASSERT_OK(written_->Flush());
  const std::vector<float> query = {1, 2, 3, 0};
  EXPECT_EQ(CodeOf(read_->Search({.vectors = query})), Code::kFailedPrecondition);
  ASSERT_OK(written_->CreateIndex("v", Hnsw()));
  ASSERT_OK(written_->WaitForIndex("v"));
  ASSERT_OK(read_->Refresh());
  EXPECT_EQ(read_->DescribeIndex("v")->indexed_rows, 1100u);
  ExpectSoundSearch(oracle_, *read_, {.field = "v", .vectors = query});
  Write(Ids(1095, 10));
  ASSERT_OK(read_->Refresh());
  ExpectSoundSearch(oracle_, *read_, {.field = "v", .vectors = query});
  ASSERT_OK(written_->DropIndex("v"));
  ASSERT_OK(read_->Refresh());
  EXPECT_FALSE(read_->HasIndex("v"));
}

// Every call that would change something.
TEST_P(SharedReadOnlyTest, WritesAreFailedPreconditions) {
  OpenBoth();
  const auto refused = Code::kFailedPrecondition;
  EXPECT_EQ(CodeOf(read_->CreateIndex("v", Flat())), refused);
  ASSERT_OK(written_->CreateIndex("v", Flat()));
  Write({1});
  ASSERT_OK(read_->Refresh());
  const RowBatch rows = TaggedRows(schema_, {2}, "t");
  EXPECT_EQ(CodeOf(read_->Insert(rows)), refused);
  EXPECT_EQ(CodeOf(read_->Insert(rows, WriteOptions{.host_sequence = 5})), refused);
  EXPECT_EQ(CodeOf(read_->Upsert(rows)), refused);
  EXPECT_EQ(CodeOf(read_->Delete({1})), refused);
  EXPECT_EQ(CodeOf(read_->Flush()), refused);
  EXPECT_EQ(CodeOf(read_->DropIndex("v")), refused);
  EXPECT_EQ(CodeOf(reader_->CreateCollection("d", schema_)), refused);
  EXPECT_EQ(CodeOf(reader_->RenameCollection("c", "d")), refused);
  EXPECT_EQ(CodeOf(reader_->DropCollection("c")), refused);
  EXPECT_EQ(CodeOf(reader_->CollectGarbage()), refused);
  EXPECT_EQ(CodeOf(reader_->Checkpoint(MakeMemoryObjectStore(), "")), refused);
  EXPECT_TRUE(Says(read_->Insert(rows), "opened for reading alone"));
  EXPECT_TRUE(Says(reader_->DropCollection("c"), "opened for reading alone"));
  ExpectReaderSees(oracle_);
  ASSERT_OK(written_->Flush());
  EXPECT_EQ(reader_->ListCollections(), std::vector<std::string>{"c"});
}

TEST_P(SharedReadOnlyTest, NoDatabaseIsNotFoundAndNoneIsMade) {
  EXPECT_EQ(CodeOf(reader_.TryOpen()), Code::kNotFound);
  EXPECT_EQ(CodeOf(reader_.TryOpen()), Code::kNotFound);
  EXPECT_TRUE(FilesBelow(*files_, "").empty());
  ASSERT_OK(writer_.TryOpen());
  EXPECT_OK(reader_.TryOpen());
}

TEST_P(SharedReadOnlyTest, CollectionsAreFollowedWithRefresh) {
  OpenBoth();
  Write({1});
  auto second = *writer_->CreateCollection("second", schema_);
  ASSERT_OK(second->Insert(TaggedRows(schema_, {1, 2}, "t")));
  EXPECT_EQ(reader_->ListCollections(), Names{"c"});
  EXPECT_EQ(CodeOf(reader_->OpenCollection("second")), Code::kNotFound);
  ASSERT_OK(reader_->Refresh());
  EXPECT_EQ(reader_->ListCollections(), (Names{"c", "second"}));
  const auto read_second = reader_->OpenCollection("second");
  ASSERT_OK(read_second);
  EXPECT_EQ(*(*read_second)->Count(), 2u);

  ASSERT_OK(writer_->RenameCollection("c", "renamed"));
  ASSERT_OK(writer_->DropCollection("second"));
  EXPECT_TRUE(reader_->HasCollection("c"));
  ASSERT_OK(reader_->Refresh());
  EXPECT_EQ(reader_->ListCollections(), Names{"renamed"});
  EXPECT_EQ(read_->Describe()->name, "renamed");
  EXPECT_EQ(CodeOf((*read_second)->Count()), Code::kFailedPrecondition);
  ExpectReaderSees(oracle_);
}

// The writer drops the collection between the reader's look at the catalog and at the collection.
// It is noticed by the next refresh at the latest.
TEST_P(SharedReadOnlyTest, CollectionDroppedDuringARefreshIsNoDamage) {
  OpenBoth();
  Write({1});
  if (GetParam() == Sharing::kFileSystem) return;  // the store is what the test gets hold of
  const auto faults = std::make_shared<FaultInjector>();
  reader_.options.store = std::make_shared<FaultObjectStore>(store_, faults);
  reader_.Crash();
  read_ = *reader_->OpenCollection("c");
  faults->Arm(
      {.call = "List", .path_contains = "/manifest", .mode = FaultMode::kSlow, .on_slow = [&] {
         EXPECT_OK(writer_->DropCollection("c"));
       }});
  EXPECT_OK(reader_->Refresh());
  EXPECT_OK(reader_->Refresh());
  EXPECT_FALSE(reader_->HasCollection("c"));
  EXPECT_EQ(CodeOf(read_->Count()), Code::kFailedPrecondition);
}

TEST_P(SharedReadOnlyTest, RefreshOfAWriterDoesNothing) {
  OpenBoth();
  Write({1});
  EXPECT_OK(written_->Refresh());
  EXPECT_OK(writer_->Refresh());
  ExpectSameRows(oracle_, *written_);
}

TEST_P(SharedReadOnlyTest, DamageLeavesTheStateOfBefore) {
  OpenBoth();
  Write({1});
  ASSERT_OK(read_->Refresh());
  const Oracle before = oracle_;
  Write({2});
  ASSERT_OK(written_->Flush());
  writer_.database.reset();
  const bool is_local = GetParam() == Sharing::kFileSystem;
  const auto objects = is_local ? *OpenLocalObjectStore(files_) : store_;
  const std::string newest = ObjectsWith(*objects, "/manifest/").back();
  ReplaceObject(*objects, newest, FlipByte(*GetObject(*objects, PathOf(newest), kNoLimit), 100));
  EXPECT_EQ(CodeOf(read_->Refresh()), Code::kDataLoss);
  ExpectReaderSees(before);
  EXPECT_EQ(CodeOf(reader_->Refresh()), Code::kDataLoss);
  ExpectReaderSees(before);
}

// A reader that was not given the directory of the journals.
class JournalOutOfReachTest : public ReadOnlyTest {
 protected:
  JournalOutOfReachTest() : ReadOnlyTest(Sharing::kStoreAndJournals) {
    reader_.options.journal_directory = nullptr;
  }
};

TEST_F(JournalOutOfReachTest, EventualReadsShowWhatIsFlushed) {
  OpenBoth({.consistency = ConsistencyLevel::kEventually});
  Write({1});
  ASSERT_OK(written_->Flush());
  const Oracle flushed = oracle_;
  Write({2});
  ASSERT_OK(read_->Refresh());
  ExpectReaderSees(flushed);
}

TEST_F(JournalOutOfReachTest, StrongReadsAreFailedPreconditions) {
  OpenBoth();
  Write({1});
  const auto strong = read_->Count(ConsistencyLevel::kStrong);
  EXPECT_EQ(CodeOf(strong), Code::kFailedPrecondition);
  EXPECT_TRUE(Says(strong, "journal"));
  ASSERT_OK(written_->Flush());
  EXPECT_EQ(CodeOf(read_->Count(ConsistencyLevel::kStrong)), Code::kFailedPrecondition);
}

TEST_F(JournalOutOfReachTest, StrongByDefaultOfTheCollectionIsTheSame) {
  OpenBoth({.consistency = ConsistencyLevel::kStrong});
  Write({1});
  EXPECT_EQ(CodeOf(read_->Count()), Code::kFailedPrecondition);
}

TEST_F(JournalOutOfReachTest, BoundedReadsNeedAFlushOfLate) {
  OpenBoth();
  Write({1});
  clock_.Advance(6000);
  EXPECT_EQ(CodeOf(read_->Count()), Code::kUnavailable);
  EXPECT_EQ(CodeOf(read_->Count(Consistency::Bounded(5999))), Code::kUnavailable);
  Write({2});
  ASSERT_OK(written_->Flush());
  EXPECT_EQ(*read_->Count(), 2u);
  clock_.Advance(5000);
  EXPECT_EQ(*read_->Count(), 2u);
  clock_.Advance(1);
  EXPECT_EQ(CodeOf(read_->Count()), Code::kUnavailable);
}

// The flush is of now, though the last write was long ago.
TEST_F(JournalOutOfReachTest, FlushOfOldWritesIsAFlushOfLate) {
  OpenBoth();
  Write({1});
  clock_.Advance(60'000);
  ASSERT_OK(written_->Flush());
  const auto count = read_->Count();
  ASSERT_OK(count);
  EXPECT_EQ(*count, 1u);
}

TEST_F(JournalOutOfReachTest, ClosedCollectionIsReadAtEveryLevel) {
  OpenBoth();
  Write({1});
  ASSERT_OK(writer_->Close());
  clock_.Advance(3'600'000);
  EXPECT_EQ(*read_->Count(), 1u);
  EXPECT_EQ(*read_->Count(ConsistencyLevel::kStrong), 1u);
}

}  // namespace
}  // namespace vecdb::support
