#include "engine/compaction_jobs.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class CompactionJobsTest : public CoreFixture {
 protected:
  void Put(int64_t first, size_t count = 10) {
    ASSERT_OK(writer_.Insert(Rows(Ids(first, count)), false, {}, {}));
    ASSERT_OK(Flush(core_.get(), &writer_, {}));
  }
  size_t NumSegments() const { return core_->Read().view->segments.size(); }

  Writer writer_{core_.get()};
  CompactionJobs jobs_{core_.get()};
};

TEST_F(CompactionJobsTest, LooksAreAskedForOnceAtATime) {
  EXPECT_TRUE(jobs_.AskForLook());
  EXPECT_FALSE(jobs_.AskForLook());
  jobs_.Look({});
  EXPECT_TRUE(jobs_.AskForLook());
}

TEST_F(CompactionJobsTest, ALookCompactsUntilNothingIsLeft) {
  for (int64_t i = 0; i < 9; ++i) Put(i * 10);
  EXPECT_EQ(*jobs_.CountDue({}), 1u);
  jobs_.Look({});
  EXPECT_EQ(NumSegments(), 1u);
  EXPECT_EQ(*jobs_.CountDue({}), 0u);
  EXPECT_GT(jobs_.bytes_written(), 0u);
  EXPECT_EQ(jobs_.last_error(), "");
}

TEST_F(CompactionJobsTest, AStepIsOneCompaction) {
  for (int64_t i = 0; i < 3; ++i) Put(i * 10);
  auto step = jobs_.Step({});
  ASSERT_OK(step);
  EXPECT_TRUE(*step);
  step = jobs_.Step({});
  ASSERT_OK(step);
  EXPECT_FALSE(*step);
}

TEST_F(CompactionJobsTest, ALookThatIsStoppedIsNoFailure) {
  for (int64_t i = 0; i < 3; ++i) Put(i * 10);
  const CancelToken cancelled = CancelToken::Make();
  cancelled.Cancel();
  jobs_.Look({.cancel = cancelled});
  EXPECT_EQ(NumSegments(), 3u);
  EXPECT_EQ(jobs_.last_error(), "");
  jobs_.Look({});
  EXPECT_EQ(NumSegments(), 1u);
}

TEST_F(CompactionJobsTest, OldReportsAreForgottenAndNoneThatIsNotDone) {
  const auto first = jobs_.Request({});
  ASSERT_OK(first);
  const auto second = jobs_.Request({});
  ASSERT_OK(second);
  ASSERT_OK(jobs_.Run(*second, {}));
  for (int i = 2; i < 1000; ++i) ASSERT_OK(jobs_.Request({}));
  EXPECT_EQ(jobs_.Report(*second)->state, CompactionState::kCompleted);
  ASSERT_OK(jobs_.Request({}));
  EXPECT_EQ(CodeOf(jobs_.Report(*second)), absl::StatusCode::kNotFound);
  EXPECT_EQ(jobs_.Report(*first)->state, CompactionState::kExecuting);
  EXPECT_EQ(CodeOf(jobs_.Request({})), absl::StatusCode::kResourceExhausted);
}

TEST_F(CompactionJobsTest, ARequestThatIsNotThoroughDoesWhatALookDoes) {
  Put(0);
  Put(10);
  auto id = jobs_.Request({.thorough = false});
  ASSERT_OK(id);
  ASSERT_OK(jobs_.Run(*id, {}));
  EXPECT_EQ(NumSegments(), 2u);
  id = jobs_.Request({});
  ASSERT_OK(id);
  ASSERT_OK(jobs_.Run(*id, {}));
  EXPECT_EQ(NumSegments(), 1u);
}

}  // namespace
}  // namespace vecdb::engine
