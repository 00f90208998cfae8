#include "journal/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "journal/journal_testing.h"
#include "support/fault_object_store.h"
#include "support/power_cut_file_system.h"

namespace vecdb::journal {
namespace {

// A log over a file system whose calls can fail and whose power can be cut.
class JournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> MakeJournal(uint64_t file_bytes = kNoRotation) {
    auto log = std::make_unique<Journal>(MakeLocalLogPlace(faulty_, kFolder), MakeIdentity(),
                                         LogSet(), 0, file_bytes);
    EXPECT_OK(log->BeginFile({}));
    injector_->Disarm();  // which counts from here on
    return log;
  }
  // Appends the next record.
  uint64_t Append(Journal& log, size_t payload_bytes = 6) {
    return log.Append(MakeRecord(++sequence_, std::string(payload_bytes, 'x')));
  }
  absl::Status Write(Journal& log, Durability level) { return log.Reach(Append(log), level, {}); }

  std::vector<uint64_t> AfterKill() { return FoundIn(files_->KeepAll()); }
  std::vector<uint64_t> AfterPowerCut() { return FoundIn(files_->CutAll()); }
  static std::vector<uint64_t> FoundIn(const std::shared_ptr<FileSystem>& files) {
    return SequencesIn(*MakeLocalLogPlace(files, kFolder));
  }
  int64_t Calls(std::string_view name) {
    const auto calls = injector_->calls();
    return std::count(calls.begin(), calls.end(), name);
  }

  const std::shared_ptr<support::PowerCutFileSystem> files_ =
      std::make_shared<support::PowerCutFileSystem>();
  const std::shared_ptr<support::FaultInjector> injector_ =
      std::make_shared<support::FaultInjector>();
  const std::shared_ptr<FileSystem> faulty_ =
      std::make_shared<support::FaultFileSystem>(files_, injector_);
  uint64_t sequence_ = 0;
};

// ---- levels

TEST_F(JournalTest, AppendDoesNoIo) {
  const auto log = MakeJournal();
  EXPECT_EQ(Append(*log), 1u);
  EXPECT_EQ(Append(*log), 2u);
  EXPECT_EQ(log->last_ticket(), 2u);
  EXPECT_EQ(injector_->numbered(), 0);
  EXPECT_TRUE(AfterKill().empty());
}

TEST_F(JournalTest, NoneWritesNothing) {
  const auto log = MakeJournal();
  ASSERT_OK(Write(*log, Durability::kNone));
  EXPECT_EQ(injector_->numbered(), 0);
  EXPECT_TRUE(AfterKill().empty());
  EXPECT_EQ(log->progress().written, 0u);
}

TEST_F(JournalTest, NoneWritesWhenMuchHasBeenGathered) {
  const auto log = MakeJournal();
  ASSERT_OK(log->Reach(Append(*log, (1 << 20) - 200), Durability::kNone, {}));
  EXPECT_TRUE(AfterKill().empty());
  ASSERT_OK(log->Reach(Append(*log, 200), Durability::kNone, {}));
  EXPECT_EQ(AfterKill(), Sequences(1, 2));
  EXPECT_TRUE(AfterPowerCut().empty());
  EXPECT_EQ(Calls("Sync"), 0);
}

TEST_F(JournalTest, ProcessCrashSurvivesAKillOnly) {
  const auto log = MakeJournal();
  ASSERT_OK(Write(*log, Durability::kProcessCrash));
  EXPECT_EQ(AfterKill(), Sequences(1, 1));
  EXPECT_TRUE(AfterPowerCut().empty());
  EXPECT_EQ(Calls("Sync"), 0);
  EXPECT_EQ(log->progress().written, 1u);
  EXPECT_EQ(log->progress().synced, 0u);
}

TEST_F(JournalTest, SyncedSurvivesAPowerCut) {
  const auto log = MakeJournal();
  ASSERT_OK(Write(*log, Durability::kSynced));
  EXPECT_EQ(AfterPowerCut(), Sequences(1, 1));
  EXPECT_EQ(Calls("Sync"), 1);
  EXPECT_EQ(log->progress().synced, 1u);
}

TEST_F(JournalTest, LevelTakesAllEarlierRecordsAlong) {
  const auto log = MakeJournal();
  ASSERT_OK(Write(*log, Durability::kNone));
  ASSERT_OK(Write(*log, Durability::kProcessCrash));
  EXPECT_EQ(AfterKill(), Sequences(1, 2));
  ASSERT_OK(Write(*log, Durability::kNone));
  ASSERT_OK(Write(*log, Durability::kSynced));
  EXPECT_EQ(AfterPowerCut(), Sequences(1, 4));
}

TEST_F(JournalTest, RecordThatWasWrittenCanBeSyncedLater) {
  const auto log = MakeJournal();
  ASSERT_OK(Write(*log, Durability::kProcessCrash));
  ASSERT_OK(log->Reach(1, Durability::kSynced, {}));
  EXPECT_EQ(AfterPowerCut(), Sequences(1, 1));
}

TEST_F(JournalTest, StartWritingWritesWhatWaitsAndSyncsNothing) {
  const auto log = MakeJournal();
  Append(*log);
  Append(*log);
  log->StartWriting();
  EXPECT_EQ(log->progress().written, 2u);
  EXPECT_EQ(log->progress().synced, 0u);
  EXPECT_EQ(AfterKill(), Sequences(1, 2));
  EXPECT_TRUE(AfterPowerCut().empty());
  EXPECT_EQ(Calls("Sync"), 0);
  ASSERT_OK(log->Reach(2, Durability::kSynced, {}));
  EXPECT_EQ(Calls("Append"), 1);
  EXPECT_EQ(AfterPowerCut(), Sequences(1, 2));
}

TEST_F(JournalTest, FailureOfStartWritingIsToldByReach) {
  const auto log = MakeJournal();
  injector_->Arm({.call = "Append", .error = absl::InternalError("bad disk")});
  const uint64_t ticket = Append(*log);
  log->StartWriting();
  EXPECT_TRUE(absl::IsUnknown(log->Reach(ticket, Durability::kSynced, {})));
  EXPECT_TRUE(log->error().message().find("bad disk") != std::string::npos) << log->error();
  injector_->Disarm();
  Append(*log);
  log->StartWriting();
  EXPECT_EQ(injector_->numbered(), 0);
}

TEST_F(JournalTest, LevelThatWasReachedNeedsNoCall) {
  const auto log = MakeJournal();
  ASSERT_OK(Write(*log, Durability::kSynced));
  injector_->Disarm();
  for (const auto level : {Durability::kNone, Durability::kProcessCrash, Durability::kSynced}) {
    EXPECT_OK(log->Reach(1, level, {}));
    EXPECT_OK(log->Reach(0, level, support::CancelledContext()));
  }
  EXPECT_EQ(injector_->numbered(), 0);
}

TEST_F(JournalTest, RecordsThatWaitAreWrittenWithOneCallAndOneSync) {
  const auto log = MakeJournal();
  for (int i = 0; i < 100; ++i) Append(*log);
  ASSERT_OK(log->Reach(1, Durability::kSynced, {}));
  EXPECT_EQ(Calls("Append"), 1);
  EXPECT_EQ(Calls("Sync"), 1);
  EXPECT_EQ(log->progress().synced, 100u);
  EXPECT_EQ(AfterPowerCut(), Sequences(1, 100));
}

TEST_F(JournalTest, BytesCountWhatIsPendingToo) {
  const auto log = MakeJournal();
  const uint64_t empty = log->bytes();
  EXPECT_EQ(empty, format::kLogHeaderBytes);
  Append(*log);
  EXPECT_EQ(log->bytes(), empty + format::LogRecordBytes(6));
  ASSERT_OK(log->Reach(1, Durability::kSynced, {}));
  EXPECT_EQ(log->bytes(), empty + format::LogRecordBytes(6));
}

TEST_F(JournalTest, BuffersOfWrittenRecordsAreGivenBackUnlessSmallOrHuge) {
  const auto log = MakeJournal();
  EXPECT_EQ(log->TakeBuffer().capacity(), std::string().capacity());
  for (const size_t bytes : {100u, 100'000u, 5u << 20}) Append(*log, bytes);
  EXPECT_EQ(log->TakeBuffer().capacity(), std::string().capacity());
  ASSERT_OK(log->Reach(3, Durability::kProcessCrash, {}));
  EXPECT_GE(log->TakeBuffer().capacity(), 100'000u);
  EXPECT_EQ(log->TakeBuffer().capacity(), std::string().capacity());
}

// ---- files

TEST_F(JournalTest, FilesThatNothingNeedsAreDeleted) {
  const auto log = MakeJournal();
  ASSERT_OK(Write(*log, Durability::kSynced));
  ASSERT_OK(log->BeginFile({}));
  ASSERT_OK(Write(*log, Durability::kSynced));
  EXPECT_EQ(log->last_number(), 2u);
  EXPECT_EQ(log->FirstNeeded(0), 1u);
  EXPECT_EQ(log->FirstNeeded(1), 2u);
  log->DeleteBelow(1);
  EXPECT_EQ(NumbersIn(*MakeLocalLogPlace(files_, kFolder)), Sequences(1, 2));
  log->DeleteBelow(2);
  EXPECT_EQ(NumbersIn(*MakeLocalLogPlace(files_, kFolder)), Sequences(2, 2));
  EXPECT_EQ(log->bytes(), format::kLogHeaderBytes + format::LogRecordBytes(6));
}

TEST_F(JournalTest, DeleteAllLeavesNothing) {
  const auto log = MakeJournal();
  ASSERT_OK(Write(*log, Durability::kSynced));
  ASSERT_OK(log->BeginFile({}));
  log->DeleteAll();
  EXPECT_EQ(CodeOf(files_->List(kFolder)), absl::StatusCode::kNotFound);
}

TEST_F(JournalTest, FileThatCannotBeDeletedIsLeft) {
  const auto log = MakeJournal();
  ASSERT_OK(log->BeginFile({}));
  injector_->Arm({.call = "Unlink"});
  log->DeleteBelow(2);
  EXPECT_EQ(NumbersIn(*MakeLocalLogPlace(files_, kFolder)), Sequences(1, 2));
  EXPECT_OK(log->error());
  EXPECT_OK(Write(*log, Durability::kSynced));
}

TEST_F(JournalTest, LogGoesOnInANewFileBehindTheRecordsThatWereThere) {
  {
    const auto log = MakeJournal();
    ASSERT_OK(Write(*log, Durability::kSynced));
  }
  const auto place = MakeLocalLogPlace(files_, kFolder);
  const auto reader = OpenLog(*place);
  ASSERT_OK(reader);
  Journal log(MakeLocalLogPlace(faulty_, kFolder), MakeIdentity(), reader->files(),
              reader->durable_end(), kNoRotation, *reader->ReadTail({}, {}));
  EXPECT_EQ(NumbersIn(*place), Sequences(1, 1));  // nothing changes before the first write
  ASSERT_OK(Write(log, Durability::kSynced));
  EXPECT_EQ(NumbersIn(*place), Sequences(1, 2));
  EXPECT_EQ(AfterPowerCut(), Sequences(1, 2));
}

TEST_F(JournalTest, FileThatCannotBeMadeLeavesTheLogAlive) {
  const auto log = MakeJournal();
  ASSERT_OK(Write(*log, Durability::kSynced));
  injector_->Arm({.call = "CreateFile", .error = absl::ResourceExhaustedError("full")});
  EXPECT_EQ(CodeOf(log->BeginFile({})), absl::StatusCode::kResourceExhausted);
  EXPECT_OK(log->error());
  EXPECT_OK(Write(*log, Durability::kSynced));
  EXPECT_EQ(AfterPowerCut(), Sequences(1, 2));
  EXPECT_OK(log->BeginFile({}));
}

TEST_F(JournalTest, FileThatMayOrMayNotBeThereKillsTheLog) {
  for (const char* call : {"Link", "SyncDirectory"}) {
    const auto log = MakeJournal();
    injector_->Arm({.call = call});
    EXPECT_EQ(CodeOf(log->BeginFile({})), kUnknown) << call;
    EXPECT_EQ(CodeOf(log->error()), kUnknown) << call;
    EXPECT_EQ(CodeOf(Write(*log, Durability::kSynced)), kUnknown) << call;
    log->DeleteAll();
    for (const uint64_t left : NumbersIn(*MakeLocalLogPlace(files_, kFolder))) {
      ASSERT_OK(MakeLocalLogPlace(files_, kFolder)->Remove(left));
    }
  }
}

// ---- death

TEST_F(JournalTest, FailedCallKillsTheLogForGood) {
  for (const char* call : {"Append", "Sync", "Preallocate"}) {
    for (const auto mode : {support::FaultMode::kFailBefore, support::FaultMode::kFailAfter,
                            support::FaultMode::kShortAppend}) {
      const auto log = MakeJournal();
      ASSERT_OK(Write(*log, Durability::kSynced));
      injector_->Arm({.call = call, .mode = mode, .error = absl::ResourceExhaustedError("full")});
      const uint64_t ticket = Append(*log, 300'000);
      const absl::Status failed = log->Reach(ticket, Durability::kSynced, {});
      EXPECT_EQ(CodeOf(failed), kUnknown) << call;
      EXPECT_NE(failed.message().find("full"), std::string::npos) << failed;
      EXPECT_EQ(log->error(), failed);
      injector_->Disarm();
      for (const auto level : {Durability::kProcessCrash, Durability::kSynced}) {
        EXPECT_EQ(Write(*log, level), failed) << call;
        EXPECT_EQ(log->Reach(ticket, level, {}), failed) << call;
      }
      EXPECT_EQ(log->BeginFile({}), failed) << call;
      EXPECT_EQ(injector_->numbered(), 0) << call;  // nothing is tried on it again
      EXPECT_EQ(log->progress().synced, ticket - 1);
      log->DeleteAll();
      sequence_ = 0;
    }
  }
}

TEST_F(JournalTest, RecordsThatWereSyncedBeforeTheDeathAreFound) {
  const auto log = MakeJournal();
  ASSERT_OK(Write(*log, Durability::kSynced));
  injector_->Arm({.call = "Append", .mode = support::FaultMode::kShortAppend});
  EXPECT_EQ(CodeOf(Write(*log, Durability::kSynced)), kUnknown);
  EXPECT_EQ(AfterKill(), Sequences(1, 1));
  EXPECT_EQ(AfterPowerCut(), Sequences(1, 1));
}

TEST_F(JournalTest, FailedRotationKillsTheLog) {
  const auto log = MakeJournal(/*file_bytes=*/200);
  ASSERT_OK(Write(*log, Durability::kSynced));
  ASSERT_OK(Write(*log, Durability::kSynced));
  injector_->Arm({.call = "CreateFile", .error = absl::ResourceExhaustedError("full")});
  EXPECT_EQ(CodeOf(Write(*log, Durability::kSynced)), kUnknown);
  EXPECT_EQ(CodeOf(log->error()), kUnknown);
  EXPECT_EQ(AfterPowerCut(), Sequences(1, 2));
}

// ---- objects

TEST(ObjectJournalTest, EveryLevelButNonePutsAnObject) {
  const auto store = MakeMemoryObjectStore();
  const ObjectPath folder = support::PathOf(kFolder);
  Journal log(MakeObjectLogPlace(store, folder), MakeIdentity(), LogSet(), 0, kNoRotation);
  ASSERT_OK(log.Reach(log.Append(MakeRecord(1, "a")), Durability::kNone, {}));
  EXPECT_TRUE(store->List(folder)->empty());
  ASSERT_OK(log.Reach(log.Append(MakeRecord(2, "b")), Durability::kProcessCrash, {}));
  EXPECT_EQ(log.progress().synced, 2u);
  ASSERT_OK(log.Reach(log.Append(MakeRecord(3, "c")), Durability::kSynced, {}));
  log.Append(MakeRecord(4, "d"));
  log.StartWriting();
  EXPECT_EQ(store->List(folder)->size(), 2u);
  EXPECT_EQ(SequencesIn(*MakeObjectLogPlace(store, folder)), Sequences(1, 3));
}

TEST(ObjectJournalTest, NewerWriterFencesAnOlderOne) {
  const auto store = MakeMemoryObjectStore();
  const ObjectPath folder = support::PathOf(kFolder);
  Journal older(MakeObjectLogPlace(store, folder), MakeIdentity(), LogSet(), 0, kNoRotation);
  ASSERT_OK(older.BeginFile({}));
  ASSERT_OK(older.Reach(older.Append(MakeRecord(1, "a")), Durability::kSynced, {}));
  const auto place = MakeObjectLogPlace(store, folder);
  const auto reader = OpenLog(*place);
  ASSERT_OK(reader);
  Journal newer(MakeObjectLogPlace(store, folder), MakeIdentity(), reader->files(),
                reader->durable_end(), kNoRotation);
  ASSERT_OK(newer.BeginFile({}));
  EXPECT_EQ(CodeOf(older.Reach(older.Append(MakeRecord(2, "late")), Durability::kSynced, {})),
            kUnknown);
  ASSERT_OK(newer.Reach(newer.Append(MakeRecord(3, "b")), Durability::kSynced, {}));
  EXPECT_EQ(SequencesIn(*place), (std::vector<uint64_t>{1, 3}));
}

TEST(ObjectJournalTest, FileThatAnotherWriterHasMadeKillsTheLog) {
  const auto store = MakeMemoryObjectStore();
  const ObjectPath folder = support::PathOf(kFolder);
  Journal first(MakeObjectLogPlace(store, folder), MakeIdentity(), LogSet(), 0, kNoRotation);
  Journal second(MakeObjectLogPlace(store, folder), MakeIdentity(), LogSet(), 0, kNoRotation);
  ASSERT_OK(first.BeginFile({}));
  EXPECT_EQ(CodeOf(second.BeginFile({})), absl::StatusCode::kAborted);
  EXPECT_EQ(CodeOf(second.error()), kUnknown);
}

// ---- waiting

// A sync that goes on until the test lets it end.
class SlowSync {
 public:
  explicit SlowSync(support::FaultInjector* injector) {
    injector->Arm({.call = "Sync", .mode = support::FaultMode::kSlow, .on_slow = [this] {
                     began_.count_down();
                     end_.wait();
                   }});
  }
  void AwaitBegin() { began_.wait(); }
  void End() { end_.count_down(); }

 private:
  std::latch began_{1};
  std::latch end_{1};
};

TEST_F(JournalTest, EndOfTheContextWhileAnotherSyncsIsUnknownAndTheRecordGetsThere) {
  const auto log = MakeJournal();
  SlowSync sync(injector_.get());
  const uint64_t first = Append(*log);
  std::thread other([&] { EXPECT_OK(log->Reach(first, Durability::kSynced, {})); });
  sync.AwaitBegin();
  const uint64_t ticket = Append(*log);
  EXPECT_EQ(CodeOf(log->Reach(ticket, Durability::kSynced, support::CancelledContext())), kUnknown);
  EXPECT_EQ(CodeOf(log->Reach(ticket, Durability::kProcessCrash,
                              Context::WithTimeout(absl::Milliseconds(1)))),
            kUnknown);
  EXPECT_EQ(CodeOf(log->BeginFile(support::CancelledContext())), kUnknown);
  EXPECT_OK(log->error());
  sync.End();
  other.join();
  ASSERT_OK(Write(*log, Durability::kSynced));
  EXPECT_EQ(AfterPowerCut(), Sequences(1, 3));
}

TEST_F(JournalTest, NoneDoesNotWaitForASync) {
  const auto log = MakeJournal();
  SlowSync sync(injector_.get());
  const uint64_t first = Append(*log);
  std::thread other([&] { EXPECT_OK(log->Reach(first, Durability::kSynced, {})); });
  sync.AwaitBegin();
  EXPECT_OK(Write(*log, Durability::kNone));
  sync.End();
  other.join();
}

TEST_F(JournalTest, StartWritingDoesNotWaitForASync) {
  const auto log = MakeJournal();
  SlowSync sync(injector_.get());
  const uint64_t first = Append(*log);
  std::thread other([&] { EXPECT_OK(log->Reach(first, Durability::kSynced, {})); });
  sync.AwaitBegin();
  Append(*log);
  log->StartWriting();
  EXPECT_EQ(log->progress().written, 0u);  // it is the other that says so, at its end
  EXPECT_EQ(AfterKill(), Sequences(1, 1));
  sync.End();
  other.join();
}

TEST_F(JournalTest, RecordAppendedDuringASyncIsNotSaidToBeSyncedByIt) {
  const auto log = MakeJournal();
  SlowSync sync(injector_.get());
  const uint64_t first = Append(*log);
  std::thread other([&] { EXPECT_OK(log->Reach(first, Durability::kSynced, {})); });
  sync.AwaitBegin();
  Append(*log);
  sync.End();
  other.join();
  EXPECT_EQ(log->progress().synced, 1u);
  EXPECT_EQ(log->progress().written, 1u);
}

TEST_F(JournalTest, ThoseWhoWaitForASyncThatFailsGetUnknown) {
  const auto log = MakeJournal();
  std::latch began(1);
  std::latch end(1);
  // The append that comes before the sync is slow, and the sync is that of a file without power.
  injector_->Arm({.call = "Append", .mode = support::FaultMode::kSlow, .on_slow = [&] {
                    began.count_down();
                    end.wait();
                  }});
  const uint64_t first = Append(*log);
  std::thread writing(
      [&] { EXPECT_EQ(CodeOf(log->Reach(first, Durability::kSynced, {})), kUnknown); });
  began.wait();
  const uint64_t second = Append(*log);
  std::thread waiting(
      [&] { EXPECT_EQ(CodeOf(log->Reach(second, Durability::kSynced, {})), kUnknown); });
  files_->StopAfter(2);
  end.count_down();
  writing.join();
  waiting.join();
  EXPECT_EQ(CodeOf(log->error()), kUnknown);
}

// Those whom a put has let go come with the next one, not with the one after it.
TEST(JournalGroupTest, PutsOfObjectsTakeAllWritersAlong) {
  constexpr int kWriters = 4;
  constexpr int kRecords = 3;
  const auto faults = std::make_shared<support::FaultInjector>();
  const std::shared_ptr<ObjectStore> store = MakeMemoryObjectStore();
  Journal log(MakeObjectLogPlace(std::make_shared<support::FaultObjectStore>(store, faults),
                                 support::PathOf(kFolder)),
              MakeIdentity(), LogSet(), 0, kNoRotation);
  ASSERT_OK(log.BeginFile({}));
  faults->Arm({.call = "Finish", .sticky = true, .mode = support::FaultMode::kSlow, .on_slow = [] {
                 std::this_thread::sleep_for(std::chrono::milliseconds(160));
               }});
  base::Mutex in_order;
  uint64_t sequence = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kWriters; ++i) {
      threads.emplace_back([&] {
        for (int record = 0; record < kRecords; ++record) {
          uint64_t ticket = 0;
          {
            base::MutexLock lock(&in_order);
            ticket = log.Append(MakeRecord(++sequence, "record"));
          }
          EXPECT_OK(log.Reach(ticket, Durability::kSynced, {}));
        }
      });
    }
  }
  const auto place = MakeObjectLogPlace(store, support::PathOf(kFolder));
  EXPECT_EQ(SequencesIn(*place), Sequences(1, kWriters * kRecords));
  // The one of BeginFile, that of whoever was first, and one for each round of all.
  EXPECT_LE(NumbersIn(*place).size(), 2u + kRecords);
}

TEST(JournalGroupTest, WriterThatIsAloneWaitsForNobody) {
  const std::shared_ptr<ObjectStore> store = MakeMemoryObjectStore();
  Journal log(MakeObjectLogPlace(store, support::PathOf(kFolder)), MakeIdentity(), LogSet(), 0,
              kNoRotation);
  ASSERT_OK(log.BeginFile({}));
  for (uint64_t i = 1; i <= 20; ++i) {
    ASSERT_OK(log.Reach(log.Append(MakeRecord(i, "record")), Durability::kSynced, {}));
  }
  const auto place = MakeObjectLogPlace(store, support::PathOf(kFolder));
  EXPECT_EQ(NumbersIn(*place), Sequences(1, 21));
}

}  // namespace
}  // namespace vecdb::journal
