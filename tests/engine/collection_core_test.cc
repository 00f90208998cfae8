#include "engine/collection_core.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;

class CollectionCoreTest : public CoreFixture {};

TEST_F(CollectionCoreTest, FreshCollectionIsEmpty) {
  const Snapshot snapshot = core_->Read();
  EXPECT_TRUE(snapshot.view->segments.empty());
  EXPECT_FALSE(snapshot.view->loaded);
  EXPECT_EQ(snapshot.live_rows, 0u);
  EXPECT_EQ(snapshot.view->FindIndex("v"), nullptr);
}

TEST_F(CollectionCoreTest, SnapshotIsOfItsMoment) {
  const Snapshot before = core_->Read();
  core_->AddSegment({.growing = MakeGrowing({1, 2}, 50)});
  core_->Applied({{.timestamp = 50, .live_rows = 2}});
  ASSERT_OK(core_->AwaitVisible({.timestamp = 50}, {}));
  const Snapshot after = core_->Read();
  EXPECT_TRUE(before.view->segments.empty());
  EXPECT_EQ(before.live_rows, 0u);
  EXPECT_EQ(after.view->segments.size(), 1u);
  EXPECT_EQ(after.as_of, 50u);
  EXPECT_EQ(after.live_rows, 2u);
}

TEST_F(CollectionCoreTest, CommitMovesTheVersionAndSurvivesInTheStore) {
  format::Manifest manifest = core_->manifest();
  manifest.flushed_timestamp = 9;
  ASSERT_OK(core_->Commit(manifest, {}));
  EXPECT_EQ(core_->manifest_version(), 3u);  // 1 made the collection, 2 opened it
  EXPECT_EQ(core_->manifest(), manifest);
  EXPECT_OK(core_->WriteError());
}

TEST_F(CollectionCoreTest, OpeningBySomebodyElseStopsAllWrites) {
  MakeCore();
  EXPECT_EQ(CodeOf(core_->Commit(core_->manifest(), {})), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(core_->manifest_version(), 2u);
  EXPECT_EQ(CodeOf(core_->WriteError()), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(core_->Commit(core_->manifest(), {})), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CollectionCoreTest, FirstReasonToRefuseWritesIsKept) {
  core_->RefuseWrites(absl::DataLossError("first"));
  core_->RefuseWrites(absl::DataLossError("second"));
  EXPECT_NE(core_->WriteError().message().find("first"), std::string::npos);
}

TEST_F(CollectionCoreTest, StoppedCallsAreRefusedUntilTheyResume) {
  ASSERT_OK(core_->BeginCall());
  core_->EndCall();
  ASSERT_OK(core_->StopCalls(absl::FailedPreconditionError("closed"), {}));
  EXPECT_EQ(core_->BeginCall().message(), "closed");
  core_->ResumeCalls();
  ASSERT_OK(core_->BeginCall());
  core_->EndCall();
}

TEST_F(CollectionCoreTest, WaitingForCallsHonoursTheDeadline) {
  const absl::Status reason = absl::FailedPreconditionError("closed");
  ASSERT_OK(core_->BeginCall());
  EXPECT_EQ(CodeOf(core_->StopCalls(reason, Context::WithTimeout(absl::Milliseconds(1)))),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(core_->BeginCall()), absl::StatusCode::kFailedPrecondition);
  core_->EndCall();
  EXPECT_OK(core_->StopCalls(reason, {}));
}

TEST_F(CollectionCoreTest, JobsRunBehindUnlessTheCollectionIsStoppedOrGone) {
  int runs = 0;
  const auto job = [&runs](const Context& context) {
    EXPECT_OK(context.Check());
    ++runs;
  };
  core_->RunBehind(Priority::kFlush, job);
  EXPECT_EQ(runs, 0);
  executor_.RunAll();
  EXPECT_EQ(runs, 1);
  core_->RunBehind(Priority::kFlush, job);
  ASSERT_OK(core_->StopCalls(absl::FailedPreconditionError("closed"), {}));
  executor_.RunAll();
  EXPECT_EQ(runs, 1);
  core_->ResumeCalls();
  core_->RunBehind(Priority::kFlush, job);
  executor_.RunAll();
  EXPECT_EQ(runs, 2);
  core_->RunBehind(Priority::kFlush, job);
  core_.reset();
  executor_.RunAll();
  EXPECT_EQ(runs, 2);
}

TEST_F(CollectionCoreTest, SegmentFoldersAreFresh) {
  std::string first_id;
  std::string second_id;
  const auto first = core_->NewSegmentFolder(&first_id);
  const auto second = core_->NewSegmentFolder(&second_id);
  ASSERT_OK(first);
  EXPECT_NE(first_id, second_id);
  EXPECT_EQ(first->str(), "collections/" + id_ + "/segments/" + first_id);
  EXPECT_NE(*first, *second);
}

}  // namespace
}  // namespace vecdb::engine
