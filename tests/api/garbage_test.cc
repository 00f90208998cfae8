// What nothing names any more goes, and nothing else.
#include <gtest/gtest.h>

#include "api/api_testing.h"
#include "support/fake_clock.h"
#include "support/fault_file_system.h"
#include "support/fault_object_store.h"
#include "support/seeded_random.h"

namespace vecdb::support {
namespace {

constexpr int64_t kGraceMs = 60'000;

class GarbageTest : public ::testing::Test {
 protected:
  GarbageTest() : db_(std::make_shared<FaultObjectStore>(store_, faults_)) {
    db_.options.host.clock = &clock_;
    db_.options.gc_grace_ms = kGraceMs;
  }

  void Create(const CollectionOptions& options = {}) {
    collection_ = *db_->CreateCollection("c", schema_, options);
  }
  void Open() { collection_ = *db_->OpenCollection("c"); }

  std::set<std::string> Objects(std::string_view part = "") {
    const std::vector<std::string> found = ObjectsWith(*store_, part);
    return {found.begin(), found.end()};
  }

  std::set<std::string> WithoutBoundaries(std::set<std::string> names) {
    std::erase_if(names, [](const std::string& name) { return Contains(name, "/boundary-"); });
    return names;
  }
  void ExpectNothingSuperfluous() {
    EXPECT_EQ(WithoutBoundaries(Objects()), ReferencedObjects(*store_));
    EXPECT_LE(Objects("/boundary-").size(), 1 + db_->ListCollections().size());
  }
  // Twice: what the first pass removes may be what made an object named.
  GarbageReport CollectAll() {
    clock_.Advance(kGraceMs + 1);
    const auto report = db_->CollectGarbage();
    EXPECT_OK(report);
    return report.value_or(GarbageReport());
  }

  const Schema schema_ = TaggedSchema();
  FakeClock clock_;
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore(clock_);
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  Oracle oracle_{schema_};
};

TEST_F(GarbageTest, OldManifestsCatalogsAndReplacedObjectsGo) {
  Create({.num_shards = 2});
  ASSERT_OK(collection_->CreateIndex("v", Hnsw()));
  Put(*collection_, &oracle_, Ids(0, 1100), "t");
  ASSERT_OK(collection_->Flush());
  ASSERT_OK(collection_->WaitForIndex("v"));
  for (int64_t id = 0; id < 5; ++id) {
    Remove(*collection_, &oracle_, {id, 100 + id});
    ASSERT_OK(collection_->Flush());
  }
  ASSERT_OK(collection_->DropIndex("v"));
  for (const char* name : {"d", "e"}) ASSERT_OK(db_->CreateCollection(name, schema_));
  ASSERT_OK(db_->DropCollection("d"));
  const size_t manifests = Objects("/manifest/").size();
  const size_t deletes = Objects(".del").size();
  EXPECT_GT(manifests, 8u);
  EXPECT_GE(deletes, 5u);
  const GarbageReport report = CollectAll();
  EXPECT_GE(report.versions_deleted, manifests - 2);
  EXPECT_GE(report.objects_deleted, deletes - 2);
  EXPECT_GT(report.bytes_deleted, 0u);
  EXPECT_EQ(report.orphan_objects, 0u);
  EXPECT_EQ(report.orphan_bytes, 0u);
  EXPECT_EQ(report.delete_errors, 0u);
  ExpectNothingSuperfluous();
  ExpectSameRows(oracle_, *collection_);
  db_.Crash();
  Open();
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(GarbageTest, WhatIsYoungerThanTheGracePeriodIsKept) {
  Create();
  Put(*collection_, &oracle_, Ids(0, 10), "t");
  ASSERT_OK(collection_->Flush());
  Remove(*collection_, &oracle_, {1});
  ASSERT_OK(collection_->Flush());
  Remove(*collection_, &oracle_, {2});
  ASSERT_OK(collection_->Flush());
  clock_.Advance(kGraceMs - 1);
  const std::set<std::string> before = Objects();
  const auto report = db_->CollectGarbage();
  ASSERT_OK(report);
  EXPECT_EQ(report->versions_deleted + report->objects_deleted, 0u);
  EXPECT_EQ(Objects(), before);
  clock_.Advance(2);
  EXPECT_GT(db_->CollectGarbage()->versions_deleted, 0u);
}

// Its directory is there before its first file, and empty.
TEST_F(GarbageTest, ALogThatIsBeingBegunKeepsItsDirectory) {
  const std::shared_ptr<FileSystem> logs = MakeMemoryFileSystem(clock_);
  db_.options.journal_directory = std::make_shared<FaultFileSystem>(logs, faults_);
  Create();
  faults_->Arm(
      {.call = "CreateFile", .path_contains = ".log", .mode = FaultMode::kSlow, .on_slow = [this] {
         CollectAll();
       }});
  Put(*collection_, &oracle_, Ids(0, 10), "t");
  EXPECT_GE(faults_->num_matched(), 1);
  faults_->Disarm();
  db_.Crash();
  Open();
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(GarbageTest, EmptyDirectoriesOfLogsGo) {
  const std::shared_ptr<FileSystem> logs = MakeMemoryFileSystem(clock_);
  db_.options.journal_directory = logs;
  Create();
  Put(*collection_, &oracle_, Ids(0, 10), "t");
  const std::string log(base::ParentPath(LogFiles(*logs).at(0)));
  const std::string left = base::JoinPath(std::string(base::ParentPath(log)), std::string(32, 'e'));
  ASSERT_OK(logs->CreateDirectories(left));
  CollectAll();
  EXPECT_EQ(CodeOf(logs->List(left)), Code::kNotFound);
  EXPECT_OK(logs->List(log));
}

TEST_F(GarbageTest, ObjectsOfFailedFlushesAreOrphansUntilTheyGo) {
  Create();
  Put(*collection_, &oracle_, Ids(0, 10), "t");
  faults_->Arm(
      {.call = "Create", .path_contains = "segment.json", .error = absl::UnavailableError("away")});
  EXPECT_EQ(CodeOf(collection_->Flush()), Code::kUnavailable);
  faults_->Disarm();
  const std::set<std::string> orphans = Objects("/segments/");
  ASSERT_FALSE(orphans.empty());
  ASSERT_OK(collection_->Flush());
  ASSERT_OK(db_->CollectGarbage());
  EXPECT_EQ(collection_->Describe()->orphan_objects, orphans.size());
  EXPECT_GT(collection_->Describe()->orphan_bytes, 0u);
  for (const std::string& name : orphans) EXPECT_TRUE(Objects().contains(name));
  CollectAll();
  EXPECT_EQ(collection_->Describe()->orphan_objects, 0u);
  EXPECT_EQ(collection_->Describe()->orphan_bytes, 0u);
  for (const std::string& name : orphans) EXPECT_FALSE(Objects().contains(name));
  ExpectNothingSuperfluous();
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(GarbageTest, CollectionsWhoseCreationFailedGo) {
  ASSERT_OK(db_.TryOpen());
  faults_->Arm(
      {.call = "Create", .path_contains = "catalog/", .error = absl::UnavailableError("")});
  EXPECT_EQ(CodeOf(db_->CreateCollection("c", schema_)), Code::kUnavailable);
  faults_->Disarm();
  EXPECT_EQ(Objects("collections/").size(), 1u);
  Create();
  Put(*collection_, &oracle_, Ids(0, 10), "t");
  EXPECT_EQ(db_->CollectGarbage()->orphan_objects, 1u);
  CollectAll();
  ExpectNothingSuperfluous();
  db_.Crash();
  Open();
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(GarbageTest, CollectionsThatAreNotOpenAreLeftAlone) {
  Create();
  Put(*collection_, &oracle_, Ids(0, 10), "t");
  ASSERT_OK(collection_->Flush());
  db_.Crash();  // opens none
  const std::set<std::string> before = Objects("collections/");
  CollectAll();
  EXPECT_EQ(Objects("collections/"), before);
  Open();
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(GarbageTest, LogsLeftBehindGo) {
  for (const JournalPlace place : {JournalPlace::kDirectory, JournalPlace::kObjectStore}) {
    const auto logs = MakeMemoryFileSystem(clock_);
    db_.options.journal_directory = logs;
    db_.Crash();
    if (db_->HasCollection("c")) {
      ASSERT_OK(db_->DropCollection("c"));
    }
    Create({.journal = place});
    Put(*collection_, &oracle_, Ids(0, 10), "t");
    ASSERT_OK(collection_->Flush());
    // A log that was begun and never named: its writer ended before the commit.
    const std::string folder =
        collection_->Segments()->empty() ? std::string() : *Objects("/manifest/").rbegin();
    const std::string lost = absl::StrCat(folder.substr(0, folder.find("/manifest/")), "/journal/",
                                          std::string(32, 'a'), "/00000000000000000001.log");
    if (place == JournalPlace::kDirectory) {
      ASSERT_OK(logs->CreateDirectories(std::string(base::ParentPath(lost))));
      ASSERT_OK(WriteFile(*logs, lost, "left behind"));
    } else {
      ASSERT_OK(PutObject(*store_, PathOf(lost), "left behind"));
    }
    const auto has = [&] {
      const std::vector<std::string> files = FilesBelow(*logs, "");
      return std::count(files.begin(), files.end(), lost) +
             static_cast<long>(Objects().count(lost));
    };
    ASSERT_EQ(has(), 1);
    ASSERT_OK(db_->CollectGarbage());
    EXPECT_EQ(has(), 1);
    EXPECT_EQ(collection_->Describe()->orphan_objects, 1u);
    Put(*collection_, &oracle_, Ids(5, 10), "journalled");
    CollectAll();
    EXPECT_EQ(has(), 0);
    EXPECT_EQ(collection_->Describe()->orphan_objects, 0u);
    db_.Crash();
    Open();
    ExpectSameRows(oracle_, *collection_);
    oracle_ = Oracle(schema_);
  }
}

TEST_F(GarbageTest, RunsBehindByItselfAfterFlushes) {
  Create();
  Put(*collection_, &oracle_, Ids(0, 10), "t");
  for (int64_t round = 0; round < 4; ++round) {
    Remove(*collection_, &oracle_, {round});
    ASSERT_OK(collection_->Flush());
    db_.executor.RunAll();
    clock_.Advance(kGraceMs + 60'000);
  }
  EXPECT_LE(Objects("/manifest/").size(), 4u);
  EXPECT_LE(Objects(".del").size(), 2u);
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(GarbageTest, DeletesThatFailAreCountedAndTriedAgain) {
  Create();
  Put(*collection_, &oracle_, Ids(0, 10), "t");
  for (int64_t id = 0; id < 3; ++id) {
    Remove(*collection_, &oracle_, {id});
    ASSERT_OK(collection_->Flush());
  }
  faults_->Arm({.call = "Delete", .sticky = true, .error = absl::UnavailableError("away")});
  const GarbageReport failed = CollectAll();
  EXPECT_GT(failed.delete_errors, 0u);
  EXPECT_EQ(failed.versions_deleted + failed.objects_deleted, 0u);
  EXPECT_GT(failed.orphan_objects, 0u);
  faults_->Disarm();
  const GarbageReport report = CollectAll();
  EXPECT_EQ(report.delete_errors, 0u);
  ExpectNothingSuperfluous();
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(GarbageTest, CollectionHonoursDeadlineAndCancel) {
  Create();
  EXPECT_EQ(CodeOf(db_->CollectGarbage(CancelledContext())), Code::kCancelled);
  EXPECT_EQ(CodeOf(db_->CollectGarbage(Context::WithTimeout(absl::ZeroDuration()))),
            Code::kDeadlineExceeded);
}

TEST_F(GarbageTest, GracePeriodHasLimitsOnBothSides) {
  const auto open = [](int64_t grace_ms) {
    return CodeOf(Database::Open({.store = MakeMemoryObjectStore(), .gc_grace_ms = grace_ms}));
  };
  EXPECT_EQ(open(-1), Code::kInvalidArgument);
  EXPECT_EQ(open(0), Code::kOk);
  EXPECT_EQ(open(366LL * 86'400'000), Code::kOk);
  EXPECT_EQ(open(366LL * 86'400'000 + 1), Code::kInvalidArgument);
}

// Row C5: a process ends at some call of the store; two openings and a collection later there is
// exactly what the newest versions name, and no row is lost.
class CrashGarbageTest : public GarbageTest {
 protected:
  // Ends at the `nth` call from now on; false when there are not so many.
  bool FlushUntil(int nth) {
    faults_->Arm(
        {.nth = nth, .sticky = true, .error = absl::UnknownError("the process has ended")});
    collection_->Flush().IgnoreError();
    collection_->CreateIndex("v", Flat()).IgnoreError();
    db_->CreateCollection("d", schema_).status().IgnoreError();
    const bool reached = faults_->num_matched() >= nth;
    collection_.reset();
    db_.database.reset();
    faults_->Disarm();
    return reached;
  }
};

TEST_F(CrashGarbageTest, AfterACrashAtAnyCallOnlyWhatIsNamedIsLeft) {
  const int stride = std::max(1, 17 / ScaledCount(1));  // VECDB_TEST_SCALE=17 does every call
  for (const JournalPlace place : {JournalPlace::kObjectStore, JournalPlace::kNone}) {
    bool reached = true;
    for (int nth = place == JournalPlace::kNone ? 2 : 1; reached; nth += stride) {
      SCOPED_TRACE(nth);
      db_.Crash();
      for (const std::string& name : db_->ListCollections()) ASSERT_OK(db_->DropCollection(name));
      oracle_ = Oracle(schema_);
      Create({.num_shards = 2, .journal = place});
      Put(*collection_, &oracle_, Ids(0, 10), "flushed");
      ASSERT_OK(collection_->Flush());
      const Oracle flushed = oracle_;
      Put(*collection_, &oracle_, Ids(5, 10), "t");
      Remove(*collection_, &oracle_, {1, 6});
      reached = FlushUntil(nth);
      for (int opening = 0; opening < 2; ++opening) {
        db_.Crash();
        Open();
      }
      if (db_->HasCollection("d")) {
        ASSERT_OK(db_->OpenCollection("d"));  // garbage is collected of what is open
      }
      if (place == JournalPlace::kObjectStore) {
        ExpectSameRows(oracle_, *collection_);
      } else if (*collection_->Count() == flushed.size()) {
        ExpectSameRows(flushed, *collection_);
      } else {
        ExpectSameRows(oracle_, *collection_);
      }
      CollectAll();
      ExpectNothingSuperfluous();
      EXPECT_EQ(collection_->Describe()->orphan_objects, 0u);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace vecdb::support
