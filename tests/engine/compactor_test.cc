#include "engine/compactor.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/loader.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class CompactorTest : public CoreFixture {
 protected:
  explicit CompactorTest(const CollectionOptions& options = {}) : CoreFixture(options) {}

  void Put(int64_t first, size_t count) {
    ASSERT_OK(writer_.Insert(Rows(Ids(first, count)), false, {}, {}));
    FlushAll();
  }
  void FlushAll() { ASSERT_OK(Flush(core_.get(), &writer_, {})); }
  // All flushed segments.
  CompactionPlan PlanOfAll() const {
    CompactionPlan plan;
    for (const query::SegmentView& segment : core_->Read().view->segments) {
      if (segment.sealed != nullptr) plan.folders.push_back(segment.sealed->info().folder);
    }
    return plan;
  }
  std::vector<CompactionCandidate> Candidates(bool thorough = true) {
    auto found = FindCandidates(core_.get(), thorough, {});
    EXPECT_OK(found);
    return *found;
  }
  // The clock goes on, so that what was deleted is of the past.
  void Later() {
    const int64_t now = SystemClock().NowMillis();
    while (SystemClock().NowMillis() <= now + 1) {
    }
  }
  bool IsAlive(int64_t id) const {
    const Snapshot snapshot = core_->Read();
    const std::vector<int64_t> keys = {id};
    const auto places = FindLiveRows(*core_, *snapshot.view, snapshot.as_of,
                                     schema::KeyColumn(std::span(keys)), {});
    EXPECT_OK(places);
    return places->front().has_value();
  }

  Writer writer_{core_.get()};
};

TEST_F(CompactorTest, CandidatesAreFlushedSegmentsAndTheirRemovableRows) {
  Put(0, 100);
  ASSERT_OK(writer_.Delete({1, 2, 3}, {}, {}));
  Later();
  EXPECT_EQ(Candidates().front().num_removable, 0u);  // the deletes are not flushed
  EXPECT_EQ(Candidates().front().delete_bytes, 0u);
  FlushAll();
  Later();
  ASSERT_OK(writer_.Insert(Rows({1000}), false, {}, {}));  // growing
  const auto candidates = Candidates();
  ASSERT_EQ(candidates.size(), 1u);
  EXPECT_EQ(candidates[0].num_rows, 100u);
  EXPECT_EQ(candidates[0].num_removable, 3u);
  EXPECT_GT(candidates[0].row_bytes, 0u);
  EXPECT_GT(candidates[0].delete_bytes, 0u);
  EXPECT_EQ(Candidates(/*thorough=*/false).front().num_removable, 0u);  // a few do not count
}

TEST_F(CompactorTest, TheTargetTakesThePlaceOfTheSources) {
  for (int64_t i = 0; i < 4; ++i) Put(i * 10, 10);
  const auto before = core_->Read().view->segments;
  CompactionPlan plan = PlanOfAll();
  plan.folders = {plan.folders[1], plan.folders[3]};
  const auto outcome = RunCompaction(core_.get(), plan, {});
  ASSERT_OK(outcome);
  EXPECT_GT(outcome->bytes_read, 0u);
  EXPECT_GT(outcome->bytes_written, 0u);
  const auto after = core_->Read().view->segments;
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[0].sealed, before[0].sealed);
  EXPECT_EQ(after[1].id(), outcome->target);
  EXPECT_EQ(after[1].num_rows(), 20u);
  EXPECT_EQ(after[2].sealed, before[2].sealed);
  ASSERT_EQ(core_->manifest().segments.size(), 3u);
  EXPECT_EQ(core_->manifest().segments[1].id, outcome->target);
  EXPECT_LE(core_->manifest().history_from, core_->manifest().flushed_timestamp);
  EXPECT_GT(core_->manifest().history_from, 0u);
}

TEST_F(CompactorTest, DeletesThatAreNotFlushedComeAlongAndAreWrittenByTheNextFlush) {
  for (int64_t i = 0; i < 3; ++i) Put(i * 10, 10);
  ASSERT_OK(writer_.Delete({5, 15}, {}, {}));
  ASSERT_OK(RunCompaction(core_.get(), PlanOfAll(), {}));
  EXPECT_EQ(core_->manifest().segments.front().info.num_rows, 30u);
  EXPECT_EQ(core_->manifest().segments.front().info.num_deletes, 0u);
  EXPECT_FALSE(IsAlive(5));
  EXPECT_TRUE(IsAlive(6));
  ASSERT_OK(writer_.Delete({6}, {}, {}));
  EXPECT_FALSE(IsAlive(6));
  FlushAll();
  EXPECT_EQ(core_->manifest().segments.front().info.num_deletes, 3u);
}

TEST_F(CompactorTest, SourcesThatAreGoneAreAborted) {
  for (int64_t i = 0; i < 3; ++i) Put(i * 10, 10);
  const CompactionPlan plan = PlanOfAll();
  ASSERT_OK(RunCompaction(core_.get(), plan, {}));
  const uint64_t version = core_->manifest_version();
  EXPECT_EQ(CodeOf(RunCompaction(core_.get(), plan, {})), absl::StatusCode::kAborted);
  EXPECT_EQ(core_->manifest_version(), version);
}

TEST_F(CompactorTest, AWriterThatWasTakenOverChangesNothing) {
  for (int64_t i = 0; i < 3; ++i) Put(i * 10, 10);
  const auto newer = MakeCore();
  EXPECT_FALSE(RunCompaction(core_.get(), PlanOfAll(), {}).ok());
  EXPECT_FALSE(core_->WriteError().ok());
  EXPECT_EQ(core_->Read().view->segments.size(), 3u);
  EXPECT_EQ(CodeOf(RunCompaction(core_.get(), PlanOfAll(), {})),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_OK(OpenSegments(newer.get(), {}, {}));
  EXPECT_EQ(newer->Read().view->segments.size(), 3u);
}

TEST_F(CompactorTest, ASegmentThatSearchesCannotReadIsNoCandidate) {
  Put(0, 10);
  Put(10, 10);
  core_->EditView([](View* view) { view->segments[0].load_damage = absl::DataLossError("test"); });
  EXPECT_EQ(Candidates().size(), 1u);
  EXPECT_EQ(CodeOf(RunCompaction(core_.get(), PlanOfAll(), {})), absl::StatusCode::kAborted);
}

class RetentionCompactorTest : public CompactorTest {
 protected:
  RetentionCompactorTest() : CompactorTest({.retention_ms = 3'600'000}) {}
};

TEST_F(RetentionCompactorTest, RowsThatAsOfMayAskForAreNotRemovable) {
  Put(0, 10);
  ASSERT_OK(writer_.Delete({1, 2, 3}, {}, {}));
  FlushAll();
  Later();
  EXPECT_EQ(Candidates().front().num_removable, 0u);
  Put(10, 10);
  ASSERT_OK(RunCompaction(core_.get(), PlanOfAll(), {}));
  const SegmentInfo& info = core_->manifest().segments.front().info;
  EXPECT_EQ(info.num_rows, 20u);
  EXPECT_EQ(info.num_deletes, 3u);
  EXPECT_FALSE(IsAlive(2));
}

}  // namespace
}  // namespace vecdb::engine
