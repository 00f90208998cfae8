// Copies of a database, stores below a prefix, and finding damage before it is needed.
#include <gtest/gtest.h>

#include "api/api_testing.h"
#include "support/fault_object_store.h"
#include "support/object_store_contract.h"

namespace vecdb::support {
namespace {

struct PrefixedObjects {
  static constexpr bool kNamesAreShorter = true;
  std::shared_ptr<ObjectStore> Open() { return *WithPrefix(MakeMemoryObjectStore(), "a-prefix"); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Prefix, ObjectStoreContract, PrefixedObjects);

TEST(WithPrefixTest, ShowsWhatLiesBelowAndNothingElse) {
  const auto whole = MakeMemoryObjectStore();
  for (const char* path : {"a/b/c", "a/bc", "a/b/d/e", "other", "b/c"}) {
    ASSERT_OK(PutObject(*whole, PathOf(path), path));
  }
  const auto part = *WithPrefix(whole, "a/b");
  EXPECT_EQ(*GetObject(*part, PathOf("c"), kNoLimit), "a/b/c");
  EXPECT_EQ(CodeOf(part->Open(PathOf("other"))), Code::kNotFound);
  EXPECT_EQ(part->List(PathOf("d"))->at(0).path, PathOf("d/e"));
  EXPECT_TRUE(part->List(PathOf("b"))->empty());
  ASSERT_OK(PutObject(*part, PathOf("new"), "x"));
  EXPECT_OK(whole->Open(PathOf("a/b/new")));
  ASSERT_OK(part->Delete(PathOf("c")));
  EXPECT_EQ(CodeOf(whole->Open(PathOf("a/b/c"))), Code::kNotFound);
  EXPECT_OK(whole->Open(PathOf("b/c")));
}

TEST(WithPrefixTest, EmptyIsTheStoreItselfAndBadOnesAreRefused) {
  const auto store = MakeMemoryObjectStore();
  EXPECT_EQ(*WithPrefix(store, ""), store);
  for (const char* prefix : {"/", "a/", "/a", "..", "a/../b", ".hidden", "a//b", "a b"}) {
    EXPECT_EQ(CodeOf(WithPrefix(store, prefix)), Code::kInvalidArgument) << prefix;
  }
}

TEST(WithPrefixTest, LockIsThatOfTheWholeStore) {
  const auto store = MakeMemoryObjectStore();
  const auto lock = (*WithPrefix(store, "a"))->Lock();
  ASSERT_OK(lock);
  EXPECT_EQ(CodeOf(store->Lock()), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf((*WithPrefix(store, "b"))->Lock()), Code::kFailedPrecondition);
}

TEST(WithPrefixTest, NamesThatBecomeTooLongAreRefused) {
  const auto part = *WithPrefix(MakeMemoryObjectStore(), "a/b");
  EXPECT_OK(PutObject(*part, PathOf("1/2/3/4/5/6"), "x"));
  EXPECT_EQ(CodeOf(PutObject(*part, PathOf("1/2/3/4/5/6/7"), "x")), Code::kInvalidArgument);
}

TEST(WithPrefixTest, TwoDatabasesShareAStore) {
  const Schema schema = TaggedSchema();
  const auto store = std::make_shared<UnlockedStore>(MakeMemoryObjectStore());
  TestDatabase a(*WithPrefix(store, "team/a"));
  TestDatabase b(*WithPrefix(store, "team/b"));
  Oracle rows_a(schema);
  Oracle rows_b(schema);
  Put(**a->CreateCollection("c", schema), &rows_a, Ids(0, 5), "a");
  Put(**b->CreateCollection("c", schema), &rows_b, Ids(3, 5), "b");
  a.Reopen();
  b.Reopen();
  ExpectSameRows(rows_a, **a->OpenCollection("c"));
  ExpectSameRows(rows_b, **b->OpenCollection("c"));
}

// A database of two collections: "c" with an index, deletes and rows in the journal; "small".
class BackupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    db_.options.store = std::make_shared<FaultObjectStore>(store_, faults_);
    collection_ = *db_->CreateCollection("c", schema_, {.num_shards = 2});
    ASSERT_OK(collection_->CreateIndex("v", Hnsw()));
    Put(*collection_, &oracle_, Ids(0, 2200), "flushed");
    Remove(*collection_, &oracle_, {1, 2});
    ASSERT_OK(collection_->Flush());
    ASSERT_OK(collection_->WaitForIndex("v"));
    Remove(*collection_, &oracle_, {3, 4});
    ASSERT_OK(collection_->Flush());
    Put(*collection_, &oracle_, Ids(2190, 20), "journalled");
    Put(**db_->CreateCollection("small", schema_), &small_, Ids(0, 3), "t");
  }

  void ExpectSameDatabase(Database& database) {
    EXPECT_EQ(database.ListCollections(), (std::vector<std::string>{"c", "small"}));
    const auto c = database.OpenCollection("c");
    ASSERT_OK(c);
    ExpectSameRows(oracle_, **c);
    ExpectSoundSearch(oracle_, **c, {.field = "v", .vectors = {1, 2, 3, 0}});
    EXPECT_EQ((*c)->DescribeIndex("v")->indexed_rows,
              collection_->DescribeIndex("v")->indexed_rows);
    ExpectSameRows(small_, **database.OpenCollection("small"));
  }

  const Schema schema_ = TaggedSchema();
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  Oracle oracle_{schema_};
  Oracle small_{schema_};
};

TEST_F(BackupTest, CheckpointOpensWithTheSameAnswers) {
  const auto target = MakeMemoryObjectStore();
  for (const char* prefix : {"", "backups/monday", "backups/tuesday"}) {
    ASSERT_OK(db_->Checkpoint(target, prefix));
  }
  for (const char* prefix : {"backups/monday", "backups/tuesday", ""}) {
    SCOPED_TRACE(prefix);
    TestDatabase copy(*WithPrefix(target, prefix));
    ExpectSameDatabase(*copy);
    EXPECT_EQ(copy->Verify()->damage, std::vector<std::string>());
  }
  ExpectSameDatabase(*db_);
}

TEST_F(BackupTest, WhatACheckpointFlushesIsIndexedBehind) {
  Put(*collection_, &oracle_, Ids(10'000, 2600), "flushed by it");
  db_.executor.RunAll();
  ASSERT_OK(db_->Checkpoint(MakeMemoryObjectStore(), ""));
  EXPECT_GT(collection_->DescribeIndex("v")->pending_rows(), 0u);
  db_.executor.RunAll();
  EXPECT_EQ(collection_->DescribeIndex("v")->pending_rows(), 0u);
}

TEST_F(BackupTest, CopyAndSourceGoTheirOwnWays) {
  const auto target = MakeMemoryObjectStore();
  ASSERT_OK(db_->Checkpoint(target, ""));
  TestDatabase copy(target);
  const Oracle then = oracle_;
  Put(*collection_, &oracle_, Ids(5000, 5), "source");
  ASSERT_OK(collection_->Flush());
  auto copied = *copy->OpenCollection("c");
  ExpectSameRows(then, *copied);
  Oracle of_copy = then;
  Put(*copied, &of_copy, Ids(6000, 5), "copy");
  ASSERT_OK(copied->Flush());
  copy.Crash();
  ExpectSameRows(of_copy, **copy->OpenCollection("c"));
  ExpectSameRows(oracle_, *collection_);
}

// The copy of a local database takes writes where it is given a directory for its journals.
TEST_F(BackupTest, CopyOfALocalDatabaseIsReadAnywhereAndWrittenWithADirectory) {
  TestDatabase local(nullptr);
  local.options.file_system = MakeMemoryFileSystem();
  Oracle rows(schema_);
  Put(**local->CreateCollection("c", schema_), &rows, Ids(0, 5), "t");
  const auto target = MakeMemoryObjectStore();
  ASSERT_OK(local->Checkpoint(target, "copy"));
  TestDatabase copy(*WithPrefix(target, "copy"));
  ExpectSameRows(rows, **copy->OpenCollection("c"));
  const auto refused = (*copy->OpenCollection("c"))->Delete({1});
  EXPECT_EQ(CodeOf(refused), Code::kFailedPrecondition);
  EXPECT_TRUE(Says(refused, "journal_directory"));
  copy.options.journal_directory = MakeMemoryFileSystem();
  copy.Crash();
  Put(**copy->OpenCollection("c"), &rows, {7}, "t");
  ExpectSameRows(rows, **copy->OpenCollection("c"));
}

TEST_F(BackupTest, PlaceThatIsTakenIsAlreadyExistsAndUnchanged) {
  const auto target = MakeMemoryObjectStore();
  ASSERT_OK(db_->Checkpoint(target, "here"));
  const auto objects = [&] {
    std::map<std::string, std::string> found;
    const auto infos = target->List(PathOf("here"));
    for (const ObjectInfo& info : *infos) {
      found[info.path.str()] = *GetObject(*target, info.path, kNoLimit);
    }
    return found;
  };
  const auto before = objects();
  Put(*collection_, &oracle_, Ids(5000, 5), "later");
  EXPECT_EQ(CodeOf(db_->Checkpoint(target, "here")), Code::kAlreadyExists);
  EXPECT_TRUE(objects() == before);
  EXPECT_EQ(CodeOf(db_->Checkpoint(db_.options.store, "")), Code::kAlreadyExists);
  EXPECT_OK(db_->Checkpoint(target, "there"));
  ExpectSameRows(oracle_, *collection_);
}

TEST_F(BackupTest, BadTargetsAreRefused) {
  EXPECT_EQ(CodeOf(db_->Checkpoint(nullptr, "")), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->Checkpoint(MakeMemoryObjectStore(), "../x")), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->Checkpoint(MakeMemoryObjectStore(), "", CancelledContext())),
            Code::kCancelled);
}

TEST_F(BackupTest, TargetThatFailsAtAnyCallGivesItsErrorAndNoDatabase) {
  const auto faults = std::make_shared<FaultInjector>();
  int calls = 0;
  {
    faults->Disarm();
    const auto target = std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(), faults);
    ASSERT_OK(db_->Checkpoint(target, ""));
    calls = faults->numbered();
  }
  ASSERT_GT(calls, 20);
  for (int nth = 1; nth <= calls; nth += nth < 6 || nth + 6 > calls ? 1 : 7) {
    SCOPED_TRACE(nth);
    const auto base = MakeMemoryObjectStore();
    const auto target = std::make_shared<FaultObjectStore>(base, faults);
    faults->Arm(
        {.nth = nth, .sticky = true, .error = absl::UnavailableError("the target is away")});
    const absl::Status status = db_->Checkpoint(target, "");
    faults->Disarm();
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.code(), Code::kAlreadyExists) << status;
    TestDatabase copy(base);
    copy.options.read_only = true;
    EXPECT_EQ(CodeOf(copy.TryOpen()), Code::kNotFound);
  }
  ExpectSameDatabase(*db_);
  Put(*collection_, &oracle_, {5000}, "goes on");
  ASSERT_OK(collection_->Flush());
  ExpectSameDatabase(*db_);
}

TEST_F(BackupTest, CheckpointOpensCollectionsThatAreNotOpen) {
  db_.Crash();
  const auto target = MakeMemoryObjectStore();
  ASSERT_OK(db_->Checkpoint(target, ""));
  TestDatabase copy(target);
  collection_ = *db_->OpenCollection("c");
  ExpectSameDatabase(*copy);
}

TEST_F(BackupTest, VerifyFindsNothingInGoodData) {
  const auto report = db_->Verify();
  ASSERT_OK(report);
  EXPECT_EQ(report->damage, std::vector<std::string>());
  // Two segments of columns, vectors, index, deletes and segment.json, and two journals.
  EXPECT_GE(report->num_objects, 10u + 2u);
  EXPECT_GT(report->bytes, 2200u * 16);
  ExpectSameDatabase(*db_);
  ASSERT_OK(db_->Close());
  db_.Crash();
  EXPECT_EQ(db_->Verify()->damage, std::vector<std::string>());
}

// One object of each kind.
TEST_F(BackupTest, VerifyNamesEveryDamagedAndMissingObject) {
  std::set<std::string> victims = ReferencedObjects(*store_);
  std::erase_if(victims, [](const std::string& path) {
    return Contains(path, "catalog/") || Contains(path, "/manifest/");
  });
  ASSERT_GE(victims.size(), 10u);
  for (const std::string& path : victims) {
    SCOPED_TRACE(path);
    const std::string bytes = *GetObject(*store_, PathOf(path), kNoLimit);
    for (const bool missing : {false, true}) {
      ASSERT_OK(store_->Delete(PathOf(path)));
      if (!missing) {
        // Between sections lie zeros, which nobody reads.
        const size_t at = bytes.find_last_not_of('\0', bytes.size() * 3 / 4);
        ASSERT_OK(PutObject(*store_, PathOf(path), FlipByte(bytes, at)));
      }
      const auto report = db_->Verify();
      ASSERT_OK(report);
      EXPECT_EQ(report->damage.size(), 1u) << missing;
      for (const std::string& line : report->damage) EXPECT_TRUE(Contains(line, path)) << line;
      if (missing) {
        ASSERT_OK(PutObject(*store_, PathOf(path), bytes));
      } else {
        ReplaceObject(*store_, path, bytes);
      }
    }
    EXPECT_EQ(db_->Verify()->damage, std::vector<std::string>());
  }
  ExpectSameDatabase(*db_);
}

TEST_F(BackupTest, VerifyNamesTheManifestOfACollectionThatIsNotOpen) {
  const std::string segment = ObjectsWith(*store_, "/segments/").front();
  const std::string folder = segment.substr(0, segment.find("/segments/"));
  ASSERT_OK(db_->Close());
  db_.Crash();
  const std::string newest = ObjectsWith(*store_, absl::StrCat(folder, "/manifest/")).back();
  ReplaceObject(*store_, newest, FlipByte(*GetObject(*store_, PathOf(newest), kNoLimit), 200));
  const auto report = db_->Verify();
  ASSERT_OK(report);
  ASSERT_EQ(report->damage.size(), 1u);
  EXPECT_TRUE(Contains(report->damage[0], "manifest")) << report->damage[0];
  EXPECT_TRUE(Contains(report->damage[0], folder.substr(folder.find('/') + 1)))
      << report->damage[0];
}

TEST_F(BackupTest, VerifyReportsOneDamageAndGoesOn) {
  const std::vector<std::string> vectors = ObjectsWith(*store_, ".vec");
  for (const std::string& path : vectors) {
    const std::string bytes = *GetObject(*store_, PathOf(path), kNoLimit);
    ReplaceObject(*store_, path, FlipByte(bytes, bytes.size() / 2));
  }
  EXPECT_EQ(db_->Verify()->damage.size(), vectors.size());
}

TEST_F(BackupTest, StoreThatFailsIsAnErrorOfVerifyAndNoDamage) {
  faults_->Arm({.call = "ReadAt", .sticky = true, .error = absl::UnavailableError("away")});
  EXPECT_EQ(CodeOf(db_->Verify()), Code::kUnavailable);
  faults_->Disarm();
  EXPECT_EQ(db_->Verify()->damage, std::vector<std::string>());
  EXPECT_EQ(CodeOf(db_->Verify(CancelledContext())), Code::kCancelled);
}

}  // namespace
}  // namespace vecdb::support
