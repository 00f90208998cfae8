#include "engine/load_task.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/status_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;

class LoadTaskTest : public ::testing::Test {
 protected:
  LoadReport Report(int64_t elapsed_ms = 0) { return task_.Report(begin_ms_ + elapsed_ms); }

  support::FakeClock clock_;
  const int64_t begin_ms_ = clock_.NowMillis();
  LoadTask task_{{}, clock_, nullptr};
};

TEST_F(LoadTaskTest, OneThreadAtATimeRunsIt) {
  EXPECT_TRUE(task_.TryBegin());
  EXPECT_FALSE(task_.TryBegin());
  task_.Abandon(0);
  EXPECT_TRUE(task_.TryBegin());
  task_.End(absl::OkStatus(), begin_ms_);
  EXPECT_FALSE(task_.TryBegin());
  EXPECT_OK(*task_.result());
}

TEST_F(LoadTaskTest, PercentAndBytesNeverFallWhenATryIsBrokenOff) {
  SegmentProgress* progress = task_.Progress("a", 0, 100);
  *progress->Begin() += 60;
  EXPECT_EQ(Report().percent, 60);
  *progress->Begin() += 10;
  EXPECT_EQ(Report().percent, 60);
  EXPECT_EQ(Report().bytes_done, 60u);
  task_.Progress("b", 1, 1000);
  EXPECT_EQ(Report().percent, 60);
  EXPECT_EQ(Report().bytes_total, 1100u);
}

TEST_F(LoadTaskTest, TotalsAreExactOnceASegmentHasEnded) {
  SegmentProgress* progress = task_.Progress("a", 3, 100);
  *progress->Begin() += 90;
  progress->End(LoadState::kLoaded);
  EXPECT_EQ(Report().segments[0].bytes_total, 90u);
  EXPECT_EQ(Report().segments[0].shard, 3);
  EXPECT_EQ(Report().percent, 99);  // not yet shown to readers
  ASSERT_TRUE(task_.TryBegin());
  task_.End(absl::OkStatus(), begin_ms_);
  EXPECT_EQ(Report().percent, 100);
  EXPECT_EQ(Report().state, LoadState::kLoaded);
}

TEST_F(LoadTaskTest, MoreBytesThanExpectedRaiseTheTotal) {
  *task_.Progress("a", 0, 10)->Begin() += 30;
  EXPECT_EQ(Report().bytes_total, 30u);
  EXPECT_EQ(Report().percent, 99);
}

TEST_F(LoadTaskTest, RateAndRemainingTimeComeFromTheClock) {
  EXPECT_FALSE(Report(1000).eta_ms.has_value());
  *task_.Progress("a", 0, 4000)->Begin() += 1000;
  EXPECT_DOUBLE_EQ(Report(500).bytes_per_second, 2000);
  EXPECT_EQ(Report(500).eta_ms, 1500);
  EXPECT_GT(Report(-500).bytes_per_second, 0);  // the clock was set back
  ASSERT_TRUE(task_.TryBegin());
  task_.End(absl::OkStatus(), begin_ms_ + 500);
  EXPECT_DOUBLE_EQ(Report(90'000).bytes_per_second, 2000);
  EXPECT_FALSE(Report(90'000).eta_ms.has_value());
}

TEST_F(LoadTaskTest, StopEndsAtOnceWhatNobodyRuns) {
  task_.Stop(absl::CancelledError("first"), begin_ms_);
  task_.Stop(absl::FailedPreconditionError("second"), begin_ms_);
  EXPECT_EQ(task_.result()->message(), "first");
  EXPECT_EQ(Report().state, LoadState::kNotLoaded);
  EXPECT_EQ(Report().last_error, "first");
  EXPECT_TRUE(task_.cancel().cancelled());
}

TEST_F(LoadTaskTest, StopGivesItsReasonToARunThatIsCancelled) {
  ASSERT_TRUE(task_.TryBegin());
  task_.Stop(absl::FailedPreconditionError("released"), begin_ms_);
  EXPECT_FALSE(task_.result().has_value());
  EXPECT_EQ(Report().state, LoadState::kLoading);
  task_.End(absl::CancelledError("stopped"), begin_ms_);
  EXPECT_EQ(CodeOf(*task_.result()), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LoadTaskTest, ErrorOfARunIsItsResult) {
  ASSERT_TRUE(task_.TryBegin());
  task_.loaded()["folder"] = {};
  task_.End(absl::ResourceExhaustedError("full"), begin_ms_);
  EXPECT_EQ(CodeOf(*task_.result()), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Report().state, LoadState::kFailed);
  EXPECT_EQ(Report().last_error, "full");
  EXPECT_TRUE(task_.loaded().empty());
}

}  // namespace
}  // namespace vecdb::engine
