// Loading as a job, and parts of a collection.
#include "vecdb/load.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/load_testing.h"

namespace vecdb::support {
namespace {

class LoadTest : public LoadWorld {};

TEST_F(LoadTest, JobRunsBehindAndTellsHowFarItIs) {
  Put(0, 40);
  Put(40, 40);
  Index("v");
  const auto job = c_->StartLoad();
  ASSERT_OK(job);
  EXPECT_EQ((*job)->state(), LoadState::kLoading);
  EXPECT_EQ(c_->LoadState(), LoadState::kLoading);
  EXPECT_EQ(c_->Describe()->load_state, LoadState::kLoading);
  EXPECT_EQ((*job)->percent(), 0);
  EXPECT_EQ(CodeOf(Search()), Code::kFailedPrecondition);
  db_.executor.RunAll();
  EXPECT_EQ((*job)->state(), LoadState::kLoaded);
  EXPECT_EQ(c_->LoadState(), LoadState::kLoaded);
  const LoadReport report = c_->LoadProgress();
  EXPECT_EQ(report.percent, 100);
  EXPECT_EQ(report.bytes_done, 80u * 5 * sizeof(float));  // rows and norms
  EXPECT_EQ(report.bytes_total, report.bytes_done);
  ASSERT_EQ(report.segments.size(), 4u);
  for (const SegmentLoadProgress& segment : report.segments) {
    EXPECT_EQ(segment.state, LoadState::kLoaded);
    EXPECT_EQ(segment.bytes_total, segment.bytes_done);
  }
  EXPECT_EQ(Found({})->size(), 80u);
  EXPECT_OK((*job)->Wait());
}

TEST_F(LoadTest, WaitingNeedsNoThreadOfTheExecutor) {
  Put(0, 40);
  Index("v");
  const auto job = c_->StartLoad();
  ASSERT_OK((*job)->Wait());
  EXPECT_EQ(Found({})->size(), 40u);
}

TEST_F(LoadTest, CancelledTwiceLeavesNothingBehind) {
  Put(0, 40);
  Index("v");
  ReopenSlow();
  const uint64_t used = budget_.used_bytes();
  const auto job = c_->StartLoad();
  InsideRead("100.vec", [] {});
  InsideRead("102.vec", [&] { (*job)->Cancel(); });
  EXPECT_EQ(CodeOf((*job)->Wait()), Code::kCancelled);
  (*job)->Cancel();
  EXPECT_EQ((*job)->state(), LoadState::kNotLoaded);
  EXPECT_EQ(c_->LoadState(), LoadState::kNotLoaded);
  EXPECT_EQ(budget_.used_bytes(), used);
  EXPECT_EQ(CodeOf(Search()), Code::kFailedPrecondition);
  faults_->Disarm();
  ASSERT_OK(c_->Load());
  (*job)->Cancel();  // has ended: no effect
  EXPECT_EQ(c_->LoadState(), LoadState::kLoaded);
}

TEST_F(LoadTest, WaitThatEndsEarlyLeavesTheJobToTheNext) {
  Put(0, 40);
  Index("v");
  ReopenSlow();
  const auto job = c_->StartLoad();
  Context context{.cancel = CancelToken::Make()};
  InsideRead("102.vec", [&] { context.cancel.Cancel(); });
  EXPECT_EQ(CodeOf((*job)->Wait(context)), Code::kCancelled);
  EXPECT_EQ((*job)->state(), LoadState::kLoading);
  const uint64_t done = (*job)->Report().bytes_done;
  EXPECT_EQ(CodeOf((*job)->Wait(Context::WithTimeout(absl::ZeroDuration()))),
            Code::kDeadlineExceeded);
  EXPECT_GE((*job)->Report().bytes_done, done);
  ASSERT_OK((*job)->Wait());
  EXPECT_EQ((*job)->percent(), 100);
}

TEST_F(LoadTest, LoadWhoseContextEndsLoadsNothing) {
  Put(0, 40);
  Index("v");
  ReopenSlow();
  const uint64_t used = budget_.used_bytes();
  Context context{.cancel = CancelToken::Make()};
  InsideRead("102.vec", [&] { context.cancel.Cancel(); });
  EXPECT_EQ(CodeOf(c_->Load(context)), Code::kCancelled);
  EXPECT_EQ(c_->LoadState(), LoadState::kNotLoaded);
  EXPECT_EQ(budget_.used_bytes(), used);
}

// A store with a time limit of its own: no context has ended, and trying for ever would help
// nobody.
TEST_F(LoadTest, StoreThatIsTooSlowFailsTheLoad) {
  Put(0, 40);
  Index("v");
  ReopenSlow();
  const uint64_t used = budget_.used_bytes();
  for (const absl::Status& error :
       {absl::DeadlineExceededError("too slow"), absl::CancelledError("broken off")}) {
    faults_->Arm({.call = "ReadAt", .path_contains = "102.vec", .error = error});
    EXPECT_EQ(c_->Load(), error);
    EXPECT_EQ(c_->LoadState(), LoadState::kFailed);
    EXPECT_EQ(budget_.used_bytes(), used);
  }
  EXPECT_OK(c_->Load());
}

TEST_F(LoadTest, CancelOfALoadThatNobodyRunsGivesBackWhatItHas) {
  Put(0, 40);
  Put(40, 40);  // a second segment in each shard
  Index("v");
  ReopenSlow();
  const uint64_t used = budget_.used_bytes();
  const auto job = c_->StartLoad();
  Context context{.cancel = CancelToken::Make()};
  faults_->Arm({.call = "ReadAt",
                .path_contains = "102.vec",
                .nth = 4,
                .mode = FaultMode::kSlow,
                .on_slow = [&] { context.cancel.Cancel(); }});
  EXPECT_EQ(CodeOf((*job)->Wait(context)), Code::kCancelled);
  EXPECT_EQ((*job)->state(), LoadState::kLoading);
  EXPECT_GT(budget_.used_bytes(), used);
  (*job)->Cancel();
  EXPECT_EQ(CodeOf((*job)->Wait()), Code::kCancelled);
  EXPECT_EQ(budget_.used_bytes(), used);
}

TEST_F(LoadTest, ProgressSaysWhatIsLoadedNow) {
  Put(0, 40);
  Index("v");
  ASSERT_OK(c_->Load());
  EXPECT_EQ(c_->LoadProgress().percent, 100);
  ASSERT_OK(c_->DropIndex("v"));
  EXPECT_EQ(c_->LoadProgress().state, LoadState::kNotLoaded);
  EXPECT_EQ(c_->LoadProgress().percent, 0);
}

// The engine that loads is replaced by one that has not, since there is another manifest.
TEST_F(LoadTest, RefreshOfAReadOnlyCollectionStopsItsLoad) {
  Put(0, 40);
  Index("v");
  ASSERT_OK(db_->Close());
  db_.options.store = std::make_shared<FaultObjectStore>(local_, faults_);
  db_.options.read_only = true;
  db_.Crash();
  c_ = *db_->OpenCollection("c");
  InsideRead("102.vec", [&] {
    EXPECT_OK(c_->Refresh());  // finds nothing, and stops nothing
    TestDatabase writer(local_);
    EXPECT_OK(writer->OpenCollection("c"));
    EXPECT_OK(c_->Refresh());
  });
  const auto job = c_->StartLoad();
  ASSERT_OK(job);
  EXPECT_EQ(CodeOf((*job)->Wait()), Code::kUnavailable);
  EXPECT_EQ(c_->LoadState(), LoadState::kNotLoaded);
  ASSERT_OK(c_->Load());
  EXPECT_EQ(Found({})->size(), 40u);
  ASSERT_OK(db_->Close());
  EXPECT_EQ((*job)->state(), LoadState::kNotLoaded);
}

TEST_F(LoadTest, ReleaseStopsALoad) {
  Put(0, 40);
  Index("v");
  ReopenSlow();
  const uint64_t used = budget_.used_bytes();
  InsideRead("102.vec", [&] { EXPECT_OK(c_->Release()); });
  const absl::Status loaded = c_->Load();
  EXPECT_EQ(CodeOf(loaded), Code::kFailedPrecondition);
  EXPECT_TRUE(Says(loaded, "released"));
  EXPECT_EQ(c_->LoadState(), LoadState::kNotLoaded);
  EXPECT_EQ(budget_.used_bytes(), used);
}

TEST_F(LoadTest, WritesAndFlushesGoOnDuringALoad) {
  Put(0, 40);
  Index("v");
  ReopenSlow();
  InsideRead("102.vec", [&] { Put(40, 40); });
  ASSERT_OK(c_->Load());
  EXPECT_EQ(Found({})->size(), 80u);
}

TEST_F(LoadTest, SearchThatRunsWhileItIsReleasedEndsWell) {
  Put(0, 40);
  Index("v");
  ReopenSlow();
  ASSERT_OK(c_->Load());
  // Tags are read after the hits were found.
  InsideRead("columns.vseg", [&] { EXPECT_OK(c_->Release()); });
  EXPECT_EQ(Found({.output_fields = {"tag"}})->size(), 40u);
  EXPECT_EQ(c_->LoadState(), LoadState::kNotLoaded);
}

TEST_F(LoadTest, DamagedSegmentFailsNoLoadAndIsTold) {
  Put(0, 40);
  Index("v");
  Reopen();
  Flip("102.vec", 200);
  ASSERT_OK(c_->Load());
  const LoadReport report = c_->LoadProgress();
  EXPECT_EQ(report.state, LoadState::kLoaded);
  EXPECT_NE(report.last_error, "");
  size_t failed = 0;
  for (const auto& segment : report.segments) failed += segment.state == LoadState::kFailed;
  EXPECT_EQ(failed, 1u);
  EXPECT_EQ(CodeOf(Search()), Code::kDataLoss);
  EXPECT_OK(Search({.allow_partial = true}));
}

TEST_F(LoadTest, BudgetBelowOneSegmentIsRefusedWithTheFigures) {
  Put(0, 40);
  Index("v");
  Reopen();
  const uint64_t used = budget_.used_bytes();
  ASSERT_OK(c_->Load());
  const uint64_t needed = budget_.used_bytes() - used;
  ASSERT_OK(c_->Release());
  ASSERT_EQ(budget_.used_bytes(), used);
  const uint64_t squeezed = budget_.limit_bytes() - used - needed + 1;
  ASSERT_OK(budget_.Reserve(squeezed, "test"));
  const absl::Status loaded = c_->Load();
  EXPECT_EQ(CodeOf(loaded), Code::kResourceExhausted);
  EXPECT_TRUE(Says(loaded, std::to_string(budget_.limit_bytes())));
  EXPECT_EQ(budget_.used_bytes(), used + squeezed);
  EXPECT_EQ(c_->LoadState(), LoadState::kFailed);
  EXPECT_EQ(c_->LoadProgress().last_error, loaded.message());
  budget_.Release(1);
  EXPECT_OK(c_->Load());
  budget_.Release(squeezed - 1);
}

TEST_F(LoadTest, OptionsThatNameWhatIsNotThereAreRefused) {
  Put(0, 40);
  EXPECT_EQ(CodeOf(c_->StartLoad()), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(c_->Load()), Code::kFailedPrecondition);
  Index("v");
  const auto code = [&](const LoadOptions& options) { return CodeOf(c_->Load(options)); };
  EXPECT_EQ(code({.fields = {"nothing"}}), Code::kNotFound);
  EXPECT_EQ(code({.fields = {"tag"}}), Code::kInvalidArgument);
  EXPECT_EQ(code({.fields = {"w"}}), Code::kFailedPrecondition);
  EXPECT_EQ(code({.shards = {-1}}), Code::kInvalidArgument);
  EXPECT_EQ(code({.shards = {2}}), Code::kInvalidArgument);
  EXPECT_EQ(c_->LoadState(), LoadState::kNotLoaded);
  EXPECT_OK(c_->Load({.fields = {"v"}, .shards = {1}}));
}

TEST_F(LoadTest, FieldsThatAreNotLoadedSaySo) {
  Put(0, 40);
  Index("v");
  Index("w");
  ASSERT_OK(c_->Load({.fields = {"v"}}));
  EXPECT_EQ(Found({.field = "v"})->size(), 40u);
  const absl::Status refused = Search({.field = "w"});
  EXPECT_EQ(CodeOf(refused), Code::kFailedPrecondition);
  EXPECT_TRUE(Says(refused, "\"w\""));
  Put(40, 40);  // the flush loads what is loaded of others
  EXPECT_EQ(Found({.field = "v"})->size(), 80u);
  EXPECT_EQ(CodeOf(Search({.field = "w"})), Code::kFailedPrecondition);
  ASSERT_OK(c_->Load({.fields = {"w"}}));
  EXPECT_EQ(Found({.field = "w"})->size(), 80u);
  EXPECT_EQ(Found({.field = "v"})->size(), 80u);
}

TEST_F(LoadTest, IndexOfAFieldThatIsNotLoadedLoadsNothing) {
  Put(0, 40);
  Index("v");
  ASSERT_OK(c_->Load({.fields = {"v"}}));
  Index("w");
  EXPECT_EQ(CodeOf(Search({.field = "w"})), Code::kFailedPrecondition);
  ASSERT_OK(c_->DropIndex("v"));
  Index("v", Flat(Metric::kIp));
  EXPECT_EQ(Found({.field = "v"})->size(), 40u);
}

TEST_F(LoadTest, ShardsThatAreLoadedAreSearchedByName) {
  Put(0, 40);
  Index("v");
  ASSERT_OK(c_->Load());
  const auto first = *Found({.shards = {0}});
  const auto second = *Found({.shards = {1}});
  EXPECT_EQ(first.size() + second.size(), 40u);
  EXPECT_EQ(*Found({.shards = {0, 1, 0}}), *Found({}));
  ASSERT_OK(c_->Release());

  ASSERT_OK(c_->Load({.shards = {1}}));
  EXPECT_EQ(CodeOf(Search()), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(Search({.shards = {0}})), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(Search({.shards = {1, 0}})), Code::kFailedPrecondition);
  EXPECT_EQ(CodeOf(Search({.shards = {-1}})), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(Search({.shards = {2}})), Code::kInvalidArgument);
  EXPECT_EQ(*Found({.shards = {1}}), second);
  Put(40, 40);
  EXPECT_GT(Found({.shards = {1}})->size(), second.size());
  ASSERT_OK(c_->Load({.shards = {0}}));
  EXPECT_EQ(Found({})->size(), 80u);  // now all are
}

TEST_F(LoadTest, IteratorKeepsToItsShards) {
  Put(0, 40);
  Index("v");
  ASSERT_OK(c_->Load({.shards = {1}}));
  const std::vector<float> query(4, 1.0f);
  const auto refused = c_->OpenSearchIterator({.field = "v", .vectors = query});
  EXPECT_EQ(CodeOf(refused), Code::kFailedPrecondition);
  const auto hits = c_->OpenSearchIterator({.field = "v", .vectors = query, .shards = {1}});
  ASSERT_OK(hits);
  EXPECT_EQ((*hits)->Next()->hits(0).size(), Found({.shards = {1}})->size());
}

TEST_F(LoadTest, JobOutlivesItsCollection) {
  Put(0, 40);
  Index("v");
  const auto job = c_->StartLoad();
  ASSERT_OK(db_->Close());
  EXPECT_EQ(CodeOf((*job)->Wait()), Code::kFailedPrecondition);
  EXPECT_EQ((*job)->state(), LoadState::kNotLoaded);
  (*job)->Cancel();
  EXPECT_EQ(CodeOf(c_->StartLoad()), Code::kFailedPrecondition);
  EXPECT_EQ(c_->LoadProgress().state, LoadState::kNotLoaded);
}

TEST_F(LoadTest, ManualCollectionIsNotLoadedWhenItIsOpened) {
  Put(0, 40);
  Index("v");
  ASSERT_OK(c_->Load());
  Reopen();
  EXPECT_EQ(c_->LoadState(), LoadState::kNotLoaded);
}

class KeptLoadedTest : public LoadWorld {
 protected:
  KeptLoadedTest() : LoadWorld(4, {.num_shards = 2}) {}
};

TEST_F(KeptLoadedTest, CollectionThatKeepsItselfLoadedIsLoadedAgain) {
  Put(0, 40);
  Index("v");
  Reopen();
  EXPECT_EQ(c_->LoadState(), LoadState::kLoaded);
  EXPECT_EQ(c_->LoadProgress().percent, 100);
  EXPECT_EQ(c_->LoadProgress().segments.size(), 2u);
  EXPECT_EQ(Found({})->size(), 40u);
}

TEST_F(KeptLoadedTest, OpeningSaysHowItIsLoaded) {
  Put(0, 40);
  Index("v");
  Reopen({.load = {.mode = LoadMode::kMap, .shards = {0}}});
  EXPECT_GT(MappedBytes(), 0u);
  EXPECT_EQ(CodeOf(Search()), Code::kFailedPrecondition);
  EXPECT_OK(Search({.shards = {0}}));
}

}  // namespace
}  // namespace vecdb::support
