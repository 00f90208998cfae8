// Two writers of one store whose lock excludes nobody: the newer one fences the older.
#include <gtest/gtest.h>

#include <functional>

#include "api/two_writers.h"
#include "format/log_file.h"
#include "support/fault_object_store.h"
#include "support/quirky_object_store.h"

namespace vecdb::support {
namespace {

constexpr auto kFenced = Code::kFailedPrecondition;

class FencingTest : public TwoWriters {
 protected:
  FencingTest() {
    Start(std::make_shared<FaultObjectStore>(std::make_shared<UnlockedStore>(store_), faults_),
          std::make_shared<UnlockedStore>(store_));
  }

  std::map<std::string, std::string> AllObjects() {
    std::map<std::string, std::string> objects;
    for (const std::string& path : ObjectsWith(*store_, "")) {
      objects[path] = *GetObject(*store_, PathOf(path), kNoLimit);
    }
    return objects;
  }
  // What the second writer had is there, and unchanged.
  void ExpectKept(const std::map<std::string, std::string>& before) {
    const auto after = AllObjects();
    for (const auto& [path, text] : before) {
      const auto found = after.find(path);
      EXPECT_TRUE(found != after.end() && found->second == text) << path;
    }
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore(clock_);
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
};

TEST_F(FencingTest, AcknowledgedWritesOfTheFirstAreFoundByTheSecond) {
  Put(*old_, &oracle_, Ids(0, 10), "flushed");
  ASSERT_OK(old_->Flush());
  for (int64_t id = 5; id < 15; ++id) Put(*old_, &oracle_, {id}, "journalled");
  Remove(*old_, &oracle_, {2, 12});
  TakeOver();
  ExpectSameRows(oracle_, *new_);
}

// A second takeover, and what it collects of the log, do not free the number that the first writer
// would use next.
TEST_F(FencingTest, WriterThatHasSleptThroughTwoTakeoversIsStoppedToo) {
  Put(*old_, &oracle_, Ids(0, 10), "of the first");
  TakeOver();
  second_.Crash();
  TakeOver();
  for (int64_t id = 20; id < 24; ++id) Put(*new_, &oracle_, {id}, "of the third");
  ASSERT_OK(new_->Flush());
  clock_.Advance(2 * kGrace);
  ASSERT_OK(second_->CollectGarbage());
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_NE(CodeOf(old_->Insert(TaggedRows(schema_, {100}, "late"))), Code::kOk);
  }
  second_.Crash();
  TakeOver();
  ExpectSameRows(oracle_, *new_);
}

// Objects that flushes have begun the log with, and could not delete, are told from those that stop
// sleepers: all of one kind go, and none of the other.
TEST_F(FencingTest, LeftoversOfFlushesAreCollectedAndFencesStay) {
  faults_->Arm({.call = "Delete",
                .path_contains = ".log",
                .sticky = true,
                .error = absl::UnavailableError("away")});
  for (int64_t id = 0; id < 3; ++id) {
    Put(*old_, &oracle_, {id}, "of the first");
    ASSERT_OK(old_->Flush());
  }
  faults_->Disarm();
  Put(*old_, &oracle_, {3}, "of the first");
  TakeOver();
  const auto num_empty = [&] {
    const auto logs = ObjectsWith(*store_, ".log");
    return std::count_if(logs.begin(), logs.end(), [&](const std::string& log) {
      return GetObject(*store_, PathOf(log), kNoLimit)->size() == format::kLogHeaderBytes;
    });
  };
  EXPECT_EQ(num_empty(), 5);  // of the beginning, of three flushes, and of the takeover
  Put(*new_, &oracle_, {4}, "of the second");
  ASSERT_OK(new_->Flush());
  clock_.Advance(2 * kGrace);
  ASSERT_OK(second_->CollectGarbage());
  // The first of the epoch that began the log looks like one of a takeover.
  EXPECT_EQ(num_empty(), 3);  // that, the one of the takeover, and of the last flush
  EXPECT_NE(CodeOf(old_->Insert(TaggedRows(schema_, {100}, "late"))), Code::kOk);
  second_.Crash();
  TakeOver();
  ExpectSameRows(oracle_, *new_);
}

// Each call that changes something, as the first one after the takeover. A write meets the newer
// writer in the journal, where its outcome is Unknown; what commits is told that it is fenced.
TEST_F(FencingTest, FirstCallOfTheFencedWriterIsRefusedAndDestroysNothing) {
  struct Call {
    const char* name;
    bool may_be_unknown;
    std::function<absl::Status()> call;
  };
  const Call calls[] = {
      {"insert", true, [&] { return old_->Insert(TaggedRows(schema_, {100}, "t")).status(); }},
      {"upsert", true, [&] { return old_->Upsert(TaggedRows(schema_, {1}, "t")).status(); }},
      {"delete", true, [&] { return old_->Delete({1}).status(); }},
      {"flush", false, [&] { return old_->Flush(); }},
      {"drop index", false, [&] { return old_->DropIndex("v"); }},
      {"create", false, [&] { return first_->CreateCollection("d", schema_).status(); }},
      {"rename", false, [&] { return first_->RenameCollection("c", "d"); }},
      {"drop", false, [&] { return first_->DropCollection("c"); }},
  };
  for (const auto& [name, may_be_unknown, call] : calls) {
    SCOPED_TRACE(name);
    first_.Crash();
    old_ = *first_->OpenCollection("c");
    Put(*old_, &oracle_, {1, 2}, name);
    second_.Crash();
    TakeOver();
    const auto before = AllObjects();
    const absl::Status refused = call();
    const bool in_journal = may_be_unknown && absl::IsUnknown(refused);
    EXPECT_TRUE(in_journal || refused.code() == kFenced) << refused;
    if (may_be_unknown) {
      EXPECT_EQ(CodeOf(old_->Delete({1})), kFenced);
    }
    ExpectKept(before);
    ExpectSameRows(oracle_, *new_);
    Put(*new_, &oracle_, {3}, name);
    ASSERT_OK(new_->Flush());
    ExpectSameRows(oracle_, *new_);
    ASSERT_OK(second_->Close());
  }
}

TEST_F(FencingTest, FencedWriterGoesOnReadingAndStaysFenced) {
  Put(*old_, &oracle_, Ids(0, 5), "t");
  TakeOver();
  EXPECT_FALSE(old_->Flush().ok());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(CodeOf(old_->Insert(TaggedRows(schema_, {100 + i}, "t"))), kFenced);
    EXPECT_EQ(CodeOf(old_->Flush()), kFenced);
    EXPECT_TRUE(Says(old_->Flush(), "until it is opened again"));
  }
  ExpectSameRows(oracle_, *old_);
  EXPECT_EQ(CodeOf(first_->Close()), kFenced);
  ExpectSameRows(oracle_, *new_);
}

TEST_F(FencingTest, NothingOfTheFirstIsAcknowledgedAfterTheTakeover) {
  for (int64_t id = 0; id < 3; ++id) Put(*old_, &oracle_, {id}, "first");
  TakeOver();
  EXPECT_FALSE(old_->Insert(TaggedRows(schema_, {100}, "lost")).ok());
  Put(*new_, &oracle_, {10}, "second");
  EXPECT_FALSE(old_->Insert(TaggedRows(schema_, {101}, "lost")).ok());
  second_.Crash();
  TakeOver();
  ExpectSameRows(oracle_, *new_);
}

// The first sleeps until the second has flushed, and deleted the logs that it has taken over.
TEST_F(FencingTest, SleeperCannotAcknowledgeIntoALogThatIsGone) {
  for (const bool close : {false, true}) {
    first_.Crash();
    old_ = *first_->OpenCollection("c");
    for (int64_t id = 0; id < 3; ++id) Put(*old_, &oracle_, {id}, "first");
    second_.Crash();
    TakeOver();
    for (int64_t id = 10; id < 14; ++id) Put(*new_, &oracle_, {id}, "second");
    ASSERT_OK(new_->Flush());
    clock_.Advance(kGrace / 2);
    ASSERT_OK(second_->CollectGarbage());
    if (close) {
      ASSERT_OK(second_->Close());
    }
    const auto late = old_->Insert(TaggedRows(schema_, {100}, "lost"));
    EXPECT_FALSE(late.ok()) << "acknowledged, and nobody will find it";
    second_.Crash();
    TakeOver();
    ExpectSameRows(oracle_, *new_);
    ASSERT_OK(second_->Close());
  }
}

// It sleeps until everything has been collected that ever may be.
TEST_F(FencingTest, SleeperCannotAcknowledgeAfterAnyTime) {
  for (const bool close : {false, true}) {
    ExpectSleeperIsStopped(close);
  }
}

// The put itself sleeps: it was on its way when the second took over.
TEST_F(FencingTest, PutThatSleepsDuringTheTakeoverIsNotAcknowledged) {
  Put(*old_, &oracle_, {1}, "first");
  faults_->Arm(
      {.call = "Finish", .path_contains = "/journal/", .mode = FaultMode::kSlow, .on_slow = [&] {
         TakeOver();
         for (int64_t id = 10; id < 14; ++id) Put(*new_, &oracle_, {id}, "second");
         ASSERT_OK(new_->Flush());
       }});
  const auto late = old_->Insert(TaggedRows(schema_, {100}, "lost"));
  faults_->Disarm();
  EXPECT_FALSE(late.ok()) << "acknowledged, and nobody will find it";
  second_.Crash();
  TakeOver();
  ExpectSameRows(oracle_, *new_);
}

TEST_F(FencingTest, CommitThatSleepsDuringTheTakeoverFails) {
  Put(*old_, &oracle_, Ids(0, 5), "first");
  faults_->Arm(
      {.call = "Finish", .path_contains = "/manifest/", .mode = FaultMode::kSlow, .on_slow = [&] {
         TakeOver();
       }});
  EXPECT_EQ(CodeOf(old_->Flush()), kFenced);
  faults_->Disarm();
  ExpectSameRows(oracle_, *new_);
  Put(*new_, &oracle_, {7}, "second");
  ASSERT_OK(new_->Flush());
  second_.Crash();
  TakeOver();
  ExpectSameRows(oracle_, *new_);
}

// Whatever the first does for garbage, the second's objects stay.
TEST_F(FencingTest, GarbageOfTheFirstIsNotWhatTheSecondHasMade) {
  Put(*old_, &oracle_, Ids(0, 5), "t");
  TakeOver();
  const auto other = second_->CreateCollection("other", schema_);
  Oracle rows(schema_);
  Put(**other, &rows, Ids(0, 5), "t");
  ASSERT_OK((*other)->Flush());
  Put(**other, &rows, Ids(5, 5), "t");
  Put(*new_, &oracle_, Ids(0, 3), "second");
  ASSERT_OK(new_->Flush());
  Put(*new_, &oracle_, Ids(20, 3), "second");
  clock_.Advance(2 * kGrace);
  const auto before = AllObjects();
  EXPECT_EQ(CodeOf(first_->CollectGarbage()), kFenced);
  ExpectKept(before);
  second_.Crash();
  TakeOver();
  ExpectSameRows(oracle_, *new_);
  ExpectSameRows(rows, **second_->OpenCollection("other"));
}

TEST_F(FencingTest, BothWritersInTurnLoseNothing) {
  Collection* current = old_.get();
  for (int64_t round = 0; round < 6; ++round) {
    for (int64_t id = 0; id < 3; ++id) Put(*current, &oracle_, {round * 2 + id}, "t");
    if (round % 2 == 0) {
      ASSERT_OK(current->Flush());
      Put(*current, &oracle_, {50 + round}, "t");
    }
    TestDatabase& next = round % 2 == 0 ? second_ : first_;
    next.Crash();
    auto& handle = round % 2 == 0 ? new_ : old_;
    handle = *next->OpenCollection("c");
    current = handle.get();
    ExpectSameRows(oracle_, *current);
  }
}

// A lock that does exclude others gives the friendlier answer, before anything is fenced.
TEST(StoreLockTest, LocalLockRefusesTheSecondOpeningAndFencesNobody) {
  const Schema schema = TaggedSchema();
  const auto files = MakeMemoryFileSystem();
  TestDatabase first(nullptr);
  TestDatabase second(nullptr);
  first.options.file_system = second.options.file_system = files;
  const auto c = first->CreateCollection("c", schema);
  EXPECT_EQ(CodeOf(second.TryOpen()), kFenced);
  EXPECT_OK((*c)->Insert(TaggedRows(schema, {1}, "t")));
  EXPECT_OK((*c)->Flush());
  first.database.reset();
  EXPECT_OK(second.TryOpen());
}

class QuirkyStoreTest : public ::testing::TestWithParam<StoreQuirk> {};

INSTANTIATE_TEST_SUITE_P(All, QuirkyStoreTest, ::testing::ValuesIn(kAllStoreQuirks));

TEST_P(QuirkyStoreTest, IsRefusedForWriting) {
  TestDatabase db(std::make_shared<QuirkyObjectStore>(MakeMemoryObjectStore(), GetParam()));
  const absl::Status opened = db.TryOpen();
  EXPECT_FALSE(opened.ok()) << NameOf(GetParam());
  if (GetParam() != StoreQuirk::kRefusesConditions) {  // nothing can be written there at all
    EXPECT_EQ(opened.code(), kFenced) << NameOf(GetParam()) << opened;
  }
}

TEST(QuirkyStoreTest, IsReadAllTheSame) {
  const Schema schema = TaggedSchema();
  TestDatabase good;
  Oracle oracle(schema);
  Put(**good->CreateCollection("c", schema), &oracle, Ids(0, 5), "t");
  TestDatabase db(std::make_shared<QuirkyObjectStore>(good.options.store, StoreQuirk::kOverwrites));
  db.options.read_only = true;
  ASSERT_OK(db.TryOpen());
  ExpectSameRows(oracle, **db->OpenCollection("c"));
}

TEST(QuirkyStoreTest, IsWrittenOnThePromiseOfASingleWriter) {
  const Schema schema = TaggedSchema();
  for (const StoreQuirk quirk : {StoreQuirk::kOverwrites, StoreQuirk::kAnswersOkAnyway,
                                 StoreQuirk::kWrongError, StoreQuirk::kLosesFirst}) {
    TestDatabase db(std::make_shared<QuirkyObjectStore>(MakeMemoryObjectStore(), quirk));
    db.options.i_promise_single_writer = true;
    ASSERT_OK(db.TryOpen());
    Oracle oracle(schema);
    auto c = *db->CreateCollection("c", schema);
    Put(*c, &oracle, Ids(0, 5), "t");
    ASSERT_OK(c->Flush());
    Put(*c, &oracle, Ids(3, 5), "t");
    db.Crash();
    ExpectSameRows(oracle, **db->OpenCollection("c"));
    ASSERT_OK(db->Close());
  }
}

}  // namespace
}  // namespace vecdb::support
