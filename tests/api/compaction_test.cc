// Compaction as a user meets it: what is read is the same before, meanwhile and after, whatever is
// written, fails or ends in between.
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "absl/strings/match.h"
#include "api/compaction_testing.h"
#include "support/seeded_random.h"

namespace vecdb::support {
namespace {

constexpr int kTimeCounterBits = 18;

TEST_F(CompactionTest, AnswersAreTheSameAndSegmentsFewer) {
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  Fill(5);
  EXPECT_EQ(NumSegments(), 10u);
  const uint64_t before = c_->Describe()->store_bytes;
  const auto id = c_->Compact();
  ASSERT_OK(id);
  EXPECT_EQ(c_->CompactionState(*id)->state, CompactionState::kExecuting);
  ASSERT_OK(c_->WaitForCompaction(*id));
  ExpectRows();
  const CompactionReport report = *c_->CompactionState(*id);
  EXPECT_EQ(report.state, CompactionState::kCompleted);
  ASSERT_EQ(report.merges.size(), 2u);
  EXPECT_EQ(report.merges[0].sources.size(), 5u);
  EXPECT_GT(report.bytes_read, report.bytes_written);
  EXPECT_LT(c_->Describe()->store_bytes, before);
  EXPECT_EQ(c_->Describe()->compacted_bytes, report.bytes_written);
  std::set<std::string> targets;
  uint64_t num_rows = 0;
  for (const SegmentDescription& segment : Segments()) {
    targets.insert(segment.id);
    num_rows += segment.num_rows;
    EXPECT_EQ(segment.num_deleted_rows, 0u);
  }
  EXPECT_EQ(targets, (std::set<std::string>{report.merges[0].target, report.merges[1].target}));
  EXPECT_EQ(num_rows, rows_.size());
  Crash();
  ExpectRows();
  Reopen();
  ExpectRows();
  EXPECT_EQ(NumSegments(), 2u);
}

TEST_F(CompactionTest, AgainThereIsNothingToDo) {
  Fill(3);
  ASSERT_OK(Compact());
  const uint64_t version = c_->Describe()->manifest_version;
  const auto id = c_->Compact();
  ASSERT_OK(id);
  db_.executor.RunAll();
  EXPECT_EQ(c_->CompactionState(*id)->state, CompactionState::kCompleted);
  EXPECT_TRUE(c_->CompactionState(*id)->merges.empty());
  EXPECT_EQ(c_->Describe()->manifest_version, version);
}

TEST_F(CompactionTest, ATargetHasTheIndexesAndIsLoadedBeforeItIsRead) {
  Create({.auto_compaction = false});
  ASSERT_OK(c_->CreateIndex("v", Hnsw()));
  ASSERT_OK(c_->CreateIndex("tag", {.params = InvertedParams{}}));
  for (int64_t i = 0; i < 3; ++i) {
    Upsert(Ids(i * 500, 500), "t");
    Flush();
  }
  ASSERT_OK(Compact());
  ASSERT_EQ(NumSegments(), 1u);
  EXPECT_EQ(Segments().front().indexed_fields, (std::vector<std::string>{"v", "tag"}));
  EXPECT_EQ(c_->DescribeIndex("v")->indexed_rows, 1500u);
  EXPECT_GE(ExpectSoundSearch(rows_, *c_, {.field = "v", .vectors = {1, 2, 0, 3}}), 0.9);
  Reopen();
  EXPECT_EQ(c_->DescribeIndex("v")->indexed_rows, 1500u);
  ExpectSameRows(rows_, *c_);
}

TEST_F(CompactionTest, OfACollectionThatIsNotLoadedNothingIsLoaded) {
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  Fill(3);
  ASSERT_OK(c_->Release());
  ASSERT_OK(Compact());
  EXPECT_EQ(c_->LoadState(), LoadState::kNotLoaded);
  ASSERT_OK(c_->Load());
  ExpectRows();
}

TEST_F(CompactionTest, SegmentsWithoutARowGo) {
  Upsert(Ids(0, 20), "t");
  Flush();
  Delete(Ids(0, 20));
  Flush();
  clock_.Advance(1);
  ASSERT_OK(Compact());
  EXPECT_EQ(NumSegments(), 0u);
  ExpectRows();
  Crash();
  ExpectRows();
  Upsert(Ids(5, 3), "new");
  ExpectRows();
}

TEST_F(CompactionTest, WritesDuringEachStepAreNeitherLostNorUndone) {
  const auto prepare = [&] {
    Create({.auto_compaction = false});
    ASSERT_OK(c_->CreateIndex("v", Flat()));
    Fill(3, 16);
  };
  prepare();
  const std::vector<int> steps = CallsOf([&] { EXPECT_OK(Compact()); });
  EXPECT_GT(steps.size(), 15u);
  for (const int nth : steps) {
    SCOPED_TRACE(absl::StrCat("store call ", nth));
    prepare();
    EXPECT_TRUE(DuringCall(
        nth,
        [&] {
          Delete({5, 6, 20});
          Upsert({7, 21, 1000}, "meanwhile");
          Upsert({21}, "twice");
        },
        [&] { EXPECT_OK(Compact()); }));
    ExpectRows();
    Crash();
    ExpectRows();
    Flush();
    ExpectRows();
    Crash();
    ExpectRows();
    if (HasFailure()) return;
  }
}

TEST_F(CompactionTest, AFlushDuringAMergeIsKept) {
  for (const char* path : {".vec", "columns.vseg", "segment.json"}) {
    SCOPED_TRACE(path);
    Create({.num_shards = 2, .auto_compaction = false});
    Fill(3, 16);
    EXPECT_TRUE(DuringCall(
        1,
        [&] {
          Delete({5, 6, 20});
          Upsert({7, 21, 1000}, "meanwhile");
          Flush();
          Delete({8});
        },
        [&] { EXPECT_OK(Compact()); }, "Create", path));
    ExpectRows();
    Crash();
    ExpectRows();
    ASSERT_OK(Compact());
    ExpectRows();
    Reopen();
    ExpectRows();
  }
}

TEST_F(CompactionTest, RowsWhoseReplacementMayBeLostStay) {
  Create({.durability = Durability::kNone, .auto_compaction = false});
  Upsert(Ids(0, 10), "old");
  Flush();
  const Oracle flushed = rows_;
  clock_.Advance(1);
  // Applied and visible, and gone with the process.
  Upsert(Ids(0, 5), "new", {.durability = Durability::kNone});
  clock_.Advance(1);
  const auto id = c_->Compact();
  ASSERT_OK(id);
  ASSERT_OK(c_->WaitForCompaction(*id));
  EXPECT_TRUE(c_->CompactionState(*id)->merges.empty());
  ExpectRows();
}

TEST_F(CompactionTest, AsOfReadsTheStatesOfBefore) {
  Create({.num_shards = 2, .retention_ms = kCompactionHour, .auto_compaction = false});
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  struct State {
    uint64_t timestamp = 0;
    Oracle rows;
  };
  std::vector<State> states;
  const auto note = [&] {
    states.push_back({static_cast<uint64_t>(clock_.NowMillis()) << kTimeCounterBits, rows_});
    clock_.Advance(kCompactionHour / 4);
  };
  const auto check = [&] {
    for (const State& state : states) {
      SCOPED_TRACE(state.timestamp);
      const auto count = c_->Count(Consistency::AsOf(state.timestamp));
      const int64_t ago =
          clock_.NowMillis() - static_cast<int64_t>(state.timestamp >> kTimeCounterBits);
      if (ago > kCompactionHour) {
        EXPECT_EQ(CodeOf(count), Code::kFailedPrecondition);
        continue;
      }
      ASSERT_OK(count);
      EXPECT_EQ(*count, state.rows.size());
      QueryRequest all{.limit = 1000, .consistency = Consistency::AsOf(state.timestamp)};
      all.output_fields = {"id", "tag", "v"};
      const auto rows = c_->Query(all);
      ASSERT_OK(rows);
      EXPECT_EQ(RowsOf(schema_, *rows), state.rows);
      const std::vector<float> query = {1, 2, 0, 3};
      const auto found = c_->Search(
          {.vectors = query, .limit = 5, .consistency = Consistency::AsOf(state.timestamp)});
      ASSERT_OK(found);
      EXPECT_EQ(HitsOf(*found, schema_), state.rows.Search("v", Metric::kL2, query, 5));
    }
  };
  for (int i = 0; i < 10; ++i) {
    Upsert(Ids(i, 12), absl::StrCat("step ", i));
    Delete({i + 3});
    clock_.Advance(1);
    note();
    Flush();
    if (i % 3 == 2) {
      ASSERT_OK(Compact());
    }
    check();
  }
  Reopen();
  check();
  // When nobody may ask for them any more the rows go.
  clock_.Advance(2 * kCompactionHour);
  ASSERT_OK(Compact());
  uint64_t num_rows = 0;
  for (const SegmentDescription& segment : Segments()) num_rows += segment.num_rows;
  EXPECT_EQ(num_rows, rows_.size());
  ExpectRows();
  // A clock that goes back does not bring states back whose rows are gone.
  clock_.Advance(-2 * kCompactionHour);
  const auto gone = c_->Count(Consistency::AsOf(states.back().timestamp));
  EXPECT_EQ(CodeOf(gone), Code::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(gone.status().message(), "have been removed")) << gone.status();
}

TEST_F(CompactionTest, ASnapshotOfBeforeStillReadsItsRows) {
  db_.options.gc_grace_ms = 0;
  Reopen();
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  Fill(3);
  const auto snapshot = c_->PinSnapshot();
  ASSERT_OK(snapshot);
  const uint64_t count = rows_.size();
  const auto iterator =
      c_->OpenQueryIterator({.limit = 0, .order_by_key = true}, {.batch_size = 10});
  ASSERT_OK(iterator);
  Delete(Ids(3, 20));
  Flush();
  clock_.Advance(1);
  ASSERT_OK(Compact());
  clock_.Advance(kCompactionHour);
  ASSERT_OK(db_->CollectGarbage());
  EXPECT_EQ(*c_->Count(Consistency(*snapshot)), count);
  const auto row = c_->Get({5}, {}, Consistency(*snapshot));
  ASSERT_OK(row);
  EXPECT_EQ(row->num_rows(), 1u);
  size_t read = 0;
  while (true) {
    const auto batch = (*iterator)->Next();
    ASSERT_OK(batch);
    if (batch->num_rows() == 0) break;
    read += batch->num_rows();
  }
  EXPECT_EQ(read, count);
  ExpectRows();
}

TEST_F(CompactionTest, WhatItReplacesGoesWithGarbageCollection) {
  db_.options.gc_grace_ms = 1000;
  Reopen();
  Fill(4);
  ASSERT_OK(Compact());
  clock_.Advance(kCompactionHour);
  ASSERT_OK(db_->CollectGarbage());
  clock_.Advance(kCompactionHour);
  const auto report = db_->CollectGarbage();
  ASSERT_OK(report);
  EXPECT_EQ(report->orphan_objects, 0u);
  EXPECT_EQ(ObjectsWith(*db_.options.store, "columns.vseg").size(), 2u);
  ExpectRows();
}

TEST_F(CompactionTest, AFailureAtAnyStepLosesNothingAndTheNextTrySucceeds) {
  const std::pair<FaultMode, absl::Status> kinds[] = {
      {FaultMode::kFailBefore, absl::ResourceExhaustedError("disk full")},
      {FaultMode::kFailAfter, absl::UnavailableError("away")},
      {FaultMode::kFailAfter, absl::UnknownError("lost")}};
  const auto prepare = [&] {
    Create({.auto_compaction = false});
    Fill(3, 12);
  };
  prepare();
  const std::vector<int> steps = CallsOf([&] { EXPECT_OK(Compact()); });
  for (const auto& [mode, error] : kinds) {
    for (const int nth : steps) {
      SCOPED_TRACE(absl::StrCat("store call ", nth, ", ", error.ToString()));
      prepare();
      faults_->Arm({.nth = nth, .mode = mode, .error = error});
      const auto id = c_->Compact();
      ASSERT_OK(id);
      const absl::Status status = c_->WaitForCompaction(*id);
      EXPECT_GE(faults_->num_matched(), nth);
      faults_->Disarm();
      if (!status.ok()) {
        EXPECT_EQ(c_->CompactionState(*id)->state, CompactionState::kFailed);
        EXPECT_EQ(c_->CompactionState(*id)->error, status.message());
      }
      ExpectRows();
      if (absl::IsFailedPrecondition(c_->Compact().status())) {  // the commit may have been done
        Crash();
        ExpectRows();
      }
      ASSERT_OK(Compact());
      EXPECT_EQ(NumSegments(), 1u);
      ExpectRows();
      Crash();
      ExpectRows();
      if (HasFailure()) return;
    }
  }
}

TEST_F(CompactionTest, AFullDiskIsLeftAsItWas) {
  Fill(3);
  const auto before = ObjectsWith(*db_.options.store, "segments");
  faults_->Arm({.call = "Finish",
                .path_contains = "segment.json",
                .sticky = true,
                .error = absl::ResourceExhaustedError("disk full")});
  EXPECT_EQ(CodeOf(Compact()), Code::kResourceExhausted);
  faults_->Disarm();
  EXPECT_EQ(ObjectsWith(*db_.options.store, "segments"), before);
}

TEST_F(CompactionTest, OverTheMemoryBudgetNothingChanges) {
  Fill(3);
  MemoryBudget budget(4 << 20);
  db_.options.host.budget = &budget;
  Reopen();
  ASSERT_OK(budget.Reserve(budget.limit_bytes() - budget.used_bytes(), "test"));
  EXPECT_EQ(CodeOf(Compact()), Code::kResourceExhausted);
  budget.Release(budget.used_bytes());
  EXPECT_EQ(NumSegments(), 6u);
  c_.reset();
  EXPECT_OK(db_->Close());
  db_.database.reset();
  db_.options.host.budget = nullptr;
}

TEST_F(CompactionTest, ADefinitionThatChangesMeanwhileIsThatOfTheTarget) {
  Create({.auto_compaction = false});
  const auto fill = [&] {
    for (int64_t i = 0; i < 3; ++i) {
      Upsert(Ids(i * 400, 400), "t");
      Flush();
    }
  };
  fill();
  EXPECT_TRUE(DuringCall(
      1, [&] { EXPECT_OK(c_->CreateIndex("v", Hnsw())); }, [&] { EXPECT_OK(Compact()); }, "Create",
      ".vec"));
  ASSERT_EQ(NumSegments(), 1u);
  EXPECT_EQ(Segments().front().indexed_fields, (std::vector<std::string>{"v"}));
  EXPECT_EQ(c_->LoadState(), LoadState::kLoaded);
  EXPECT_GE(ExpectSoundSearch(rows_, *c_, {.field = "v", .vectors = {1, 2, 0, 3}}), 0.9);

  // While the index of the target is written, it is dropped.
  Upsert(Ids(100, 400), "again");
  Flush();
  clock_.Advance(1);
  EXPECT_TRUE(DuringCall(
      1, [&] { EXPECT_OK(c_->DropIndex("v")); }, [&] { EXPECT_OK(Compact()); }, "Create", ".idx"));
  EXPECT_EQ(NumSegments(), 1u);
  EXPECT_TRUE(Segments().front().indexed_fields.empty());
  ExpectRows();
  Reopen();
  ExpectRows();
}

TEST_F(CompactionTest, ALoadOrReleaseMeanwhileIsFollowed) {
  Create({.load = LoadPolicy::kManual, .auto_compaction = false});
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  Fill(3);
  EXPECT_TRUE(DuringCall(
      1, [&] { EXPECT_OK(c_->Load()); }, [&] { EXPECT_OK(Compact()); }, "Create", "segment.json"));
  ASSERT_EQ(NumSegments(), 1u);
  ExpectRows();
  Upsert(Ids(0, 30), "again");
  Flush();
  EXPECT_TRUE(DuringCall(
      1, [&] { EXPECT_OK(c_->Release()); }, [&] { EXPECT_OK(Compact()); }, "Create",
      "segment.json"));
  EXPECT_EQ(c_->LoadState(), LoadState::kNotLoaded);
  ASSERT_OK(c_->Load());
  ExpectRows();
}

TEST_F(CompactionTest, ACallThatIsCancelledLeavesItToOthers) {
  Fill(3);
  const auto id = c_->Compact();
  ASSERT_OK(id);
  const CancelToken token = CancelToken::Make();
  EXPECT_TRUE(DuringCall(
      2, [&] { token.Cancel(); },
      [&] { EXPECT_EQ(CodeOf(c_->WaitForCompaction(*id, {.cancel = token})), Code::kCancelled); },
      "Create"));
  EXPECT_EQ(c_->CompactionState(*id)->state, CompactionState::kExecuting);
  EXPECT_EQ(NumSegments(), 6u);
  ExpectRows();
  db_.executor.RunAll();
  EXPECT_EQ(c_->CompactionState(*id)->state, CompactionState::kCompleted);
  EXPECT_EQ(NumSegments(), 2u);
  EXPECT_EQ(CodeOf(c_->WaitForCompaction(*id, {.cancel = token})), Code::kCancelled);
  ExpectRows();
}

TEST_F(CompactionTest, ADropWaitsForTheCallAndStopsWhatRunsBehind) {
  Fill(3);
  std::thread dropper;
  const auto id = c_->Compact();
  ASSERT_OK(id);
  EXPECT_TRUE(DuringCall(
      2,
      [&] {
        dropper = std::thread([&] { EXPECT_OK(db_->DropCollection("c")); });
        while (c_->Count().ok()) std::this_thread::yield();  // until calls are refused
      },
      [&] { db_.executor.RunAll(); }, "Create"));
  dropper.join();
  EXPECT_EQ(CodeOf(c_->Compact()), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(c_->CompactionState(*id)), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(c_->WaitForCompaction(*id)), Code::kFailedPrecondition);
  EXPECT_TRUE(ObjectsWith(*db_.options.store, "segments").empty());
}

TEST_F(CompactionTest, ADatabaseForReadingAloneIsNotCompacted) {
  Fill(3);
  TestDatabase reader(db_.options.store);
  reader.options.journal_directory = db_.options.journal_directory;
  reader.options.host.clock = &clock_;
  reader.options.read_only = true;
  const auto c = reader->OpenCollection("c");
  ASSERT_OK(c);
  EXPECT_EQ(CodeOf((*c)->Compact()), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf((*c)->CompactionState(1)), Code::kNotFound);
  EXPECT_EQ(CodeOf((*c)->WaitForCompaction(1)), Code::kNotFound);
  ASSERT_OK(Compact());
  EXPECT_EQ((*c)->Segments()->size(), 6u);
  ExpectSameRows(rows_, **c);
  ASSERT_OK((*c)->Refresh());
  EXPECT_EQ((*c)->Segments()->size(), 2u);
  ExpectSameRows(rows_, **c);
}

TEST_F(CompactionTest, UnknownIdsAreNotFound) {
  EXPECT_EQ(CodeOf(c_->CompactionState(0)), Code::kNotFound);
  EXPECT_EQ(CodeOf(c_->WaitForCompaction(7)), Code::kNotFound);
}

}  // namespace
}  // namespace vecdb::support
