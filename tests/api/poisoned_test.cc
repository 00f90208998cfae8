// A collection whose journal or commit has failed: reads go on, writes wait for it to be opened
// again.
#include <gtest/gtest.h>

#include "api/api_testing.h"
#include "support/fault_file_system.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

class PoisonedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    db_.options.store = std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(), store_faults_);
    db_.options.journal_directory = std::make_shared<FaultFileSystem>(logs_, log_faults_);
    collection_ = *db_->CreateCollection("c", schema_, {.num_shards = 2});
    ASSERT_OK(collection_->CreateIndex("v", Flat()));
    Put(*collection_, &oracle_, Ids(0, 10), "flushed");
    ASSERT_OK(collection_->Flush());
    Put(*collection_, &oracle_, Ids(5, 10), "journalled");
  }

  // The write of row 100 whose sync fails.
  void Poison() {
    log_faults_->Arm({.call = "Sync", .path_contains = ".log", .error = Failure()});
    const auto write = collection_->Insert(TaggedRows(schema_, {100}, "unknown"));
    log_faults_->Disarm();
    EXPECT_EQ(CodeOf(write), Code::kUnknown);
    EXPECT_TRUE(Says(write, "the disk is on fire"));
  }
  static absl::Status Failure() { return absl::UnknownError("the disk is on fire"); }

  void ExpectReadsGoOn() {
    ExpectSameRows(oracle_, *collection_);
    ExpectSameSearch(oracle_, *collection_, {.field = "v", .vectors = {1, 2, 3, 0}});
    EXPECT_OK(collection_->Describe());
    EXPECT_OK(collection_->Segments());
    EXPECT_OK(collection_->PinSnapshot());
    EXPECT_OK(collection_->Release());
    EXPECT_OK(collection_->Load());
    ExpectSameRows(oracle_, *collection_);
  }

  void ExpectRefused(const absl::Status& status, std::string_view cause) {
    EXPECT_EQ(status.code(), Code::kFailedPrecondition);
    EXPECT_TRUE(Says(status, "until it is opened again"));
    EXPECT_TRUE(Says(status, cause));
  }
  void ExpectWritesAreRefused(std::string_view cause) {
    const RowBatch rows = TaggedRows(schema_, {200}, "t");
    ExpectRefused(collection_->Insert(rows).status(), cause);
    ExpectRefused(collection_->Upsert(rows).status(), cause);
    ExpectRefused(collection_->Delete({1}).status(), cause);
    ExpectRefused(collection_->Flush(), cause);
    ExpectRefused(collection_->DropIndex("v"), cause);
  }

  // Row 100 may be there or not; nothing else may be in doubt.
  void TakeRow100AsFound() {
    if (collection_->Get({100})->num_rows() == 1) {
      oracle_.Put(TaggedRows(schema_, {100}, "unknown"));
    }
  }

  const Schema schema_ = TaggedSchema();
  const std::shared_ptr<FaultInjector> store_faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<FaultInjector> log_faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<FileSystem> logs_ = MakeMemoryFileSystem();
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  Oracle oracle_{schema_};
};

TEST_F(PoisonedTest, ReadsGoOnAndWritesAreRefusedWithTheFirstCause) {
  Poison();
  ExpectReadsGoOn();
  ExpectWritesAreRefused("the disk is on fire");
  log_faults_->Arm({.call = "Sync", .sticky = true, .error = absl::UnknownError("another")});
  ExpectWritesAreRefused("the disk is on fire");
  ExpectReadsGoOn();
  EXPECT_EQ(log_faults_->num_matched(), 0) << "a sync was tried again";
}

TEST_F(PoisonedTest, LevelsOfConsistencyAreServed) {
  Poison();
  for (const ConsistencyLevel level : {ConsistencyLevel::kStrong, ConsistencyLevel::kSession,
                                       ConsistencyLevel::kBounded, ConsistencyLevel::kEventually}) {
    EXPECT_EQ(*collection_->Count(level), oracle_.size());
  }
  EXPECT_EQ(*collection_->Count(Consistency::Bounded(0)), oracle_.size());
}

TEST_F(PoisonedTest, OpeningItAgainHealsItForOldHandlesToo) {
  Poison();
  const auto again = db_->OpenCollection("c");
  ASSERT_OK(again);
  TakeRow100AsFound();
  for (Collection* handle : {again->get(), collection_.get()}) {
    ExpectSameRows(oracle_, *handle);
    Put(*handle, &oracle_, {300}, "healed");
    ExpectSameRows(oracle_, *handle);
    ASSERT_OK(handle->Flush());
  }
  ExpectReadsGoOn();
  db_.Crash();
  collection_ = *db_->OpenCollection("c");
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(PoisonedTest, OpeningThatFailsCanBeTriedAgain) {
  Poison();
  for (int nth = 1; nth < 5; ++nth) {
    store_faults_->Arm({.nth = nth, .error = absl::UnavailableError("away")});
    const auto failed = db_->OpenCollection("c");
    store_faults_->Disarm();
    if (failed.ok()) break;
    EXPECT_EQ(CodeOf(failed), Code::kUnavailable);
    EXPECT_EQ(CodeOf(collection_->Count()), Code::kFailedPrecondition);
    EXPECT_EQ(CodeOf(collection_->Delete({1})), Code::kFailedPrecondition);
  }
  ASSERT_OK(db_->OpenCollection("c"));
  TakeRow100AsFound();
  ExpectSameRows(oracle_, *collection_);
  EXPECT_OK(collection_->Delete({1}));
}

TEST_F(PoisonedTest, CommitOfUnknownOutcomeRefusesWritesToo) {
  store_faults_->Arm({.call = "Finish",
                      .path_contains = "/manifest/",
                      .mode = FaultMode::kFailAfter,
                      .error = absl::DataLossError(Failure().message())});
  const absl::Status flushed = collection_->Flush();
  EXPECT_EQ(flushed.code(), Code::kUnknown) << flushed;
  ExpectReadsGoOn();
  ExpectWritesAreRefused("the disk is on fire");
  store_faults_->Disarm();
  ExpectReadsGoOn();
  ASSERT_OK(db_->OpenCollection("c"));
  ExpectReadsGoOn();
  Put(*collection_, &oracle_, {400}, "healed");
  ASSERT_OK(collection_->Flush());
  db_.Crash();
  ExpectSameRows(oracle_, **db_->OpenCollection("c"));
}

TEST_F(PoisonedTest, CloseFlushesTheOthersAndTellsTheCause) {
  const auto other = db_->CreateCollection("other", schema_);
  Oracle rows(schema_);
  Put(**other, &rows, Ids(0, 5), "t");
  Poison();
  const absl::Status closed = db_->Close();
  EXPECT_EQ(closed.code(), Code::kFailedPrecondition);
  EXPECT_TRUE(Says(closed, "the disk is on fire"));
  EXPECT_EQ(CodeOf((*other)->Count()), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(collection_->Count()), Code::kFailedPrecondition);
  EXPECT_OK(db_->Close());  // it is closed
  const std::string id = LogFiles(*logs_).front();
  for (const std::string& path : LogFiles(*logs_)) {
    EXPECT_EQ(path.substr(0, path.find("/journal")), id.substr(0, id.find("/journal")))
        << "only the journal of the poisoned collection is needed";
  }
  db_.Crash();
  ExpectSameRows(rows, **db_->OpenCollection("other"));
  EXPECT_EQ((*db_->OpenCollection("other"))->Describe()->recovery.num_records, 0u);
  collection_ = *db_->OpenCollection("c");
  TakeRow100AsFound();
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(PoisonedTest, OtherCollectionsTakeWrites) {
  const auto other = db_->CreateCollection("other", schema_);
  Poison();
  Oracle rows(schema_);
  Put(**other, &rows, Ids(0, 5), "t");
  ASSERT_OK((*other)->Flush());
  ExpectSameRows(rows, **other);
}

TEST_F(PoisonedTest, PoisonedCollectionCanBeDroppedAndRenamed) {
  Poison();
  ASSERT_OK(db_->RenameCollection("c", "d"));
  ExpectReadsGoOn();
  ASSERT_OK(db_->DropCollection("d"));
  EXPECT_TRUE(LogFiles(*logs_).empty());
  EXPECT_TRUE(db_->ListCollections().empty());
}

TEST_F(PoisonedTest, DiskThatWasFullIsHealedByOpeningAgain) {
  log_faults_->Arm({.call = "Append",
                    .sticky = true,
                    .mode = FaultMode::kShortAppend,
                    .error = absl::ResourceExhaustedError("no space")});
  EXPECT_EQ(CodeOf(collection_->Insert(TaggedRows(schema_, {100}, "unknown"))), Code::kUnknown);
  ExpectReadsGoOn();
  ExpectWritesAreRefused("no space");
  log_faults_->Disarm();
  ASSERT_OK(db_->OpenCollection("c"));
  TakeRow100AsFound();
  Put(*collection_, &oracle_, {500}, "healed");
  db_.Crash();
  ExpectSameRows(oracle_, **db_->OpenCollection("c"));
}

// A snapshot of before is served by the collection that was opened again.
TEST_F(PoisonedTest, SnapshotOutlivesTheOpeningAgain) {
  const auto snapshot = collection_->PinSnapshot();
  Poison();
  ASSERT_OK(db_->OpenCollection("c"));
  ASSERT_OK(collection_->Delete(Ids(0, 20)));
  ASSERT_OK(collection_->Flush());
  EXPECT_EQ(*collection_->Count(*snapshot), oracle_.size());
  const auto rows = collection_->Get(Ids(0, 20), {}, *snapshot);
  ASSERT_OK(rows);
  EXPECT_EQ(RowsOf(schema_, *rows), oracle_);
}

}  // namespace
}  // namespace vecdb::support
