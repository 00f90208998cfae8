#include "engine/collection_engine.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Flat;
using support::Hnsw;
using support::Ids;

class CollectionEngineTest : public CoreFixture {
 protected:
  // Seals at 102 KiB: the first block of strings, and some 750 rows of 52 bytes.
  CollectionEngineTest() : CoreFixture({.segment_max_bytes = 1 << 20, .seal_proportion = 0.1}) {
    Open();
  }

  void Open() {
    auto engine = CollectionEngine::Open(environment_, id_, "test", {}, {});
    ASSERT_OK(engine);
    engine_ = *std::move(engine);
  }
  size_t FlushedSegments() {
    size_t flushed = 0;
    const auto segments = engine_->Segments();
    for (const SegmentDescription& segment : *segments) {
      flushed += segment.state == SegmentState::kFlushed ? 1 : 0;
    }
    return flushed;
  }
  absl::Status Insert(int64_t first, size_t count) {
    return engine_->Insert(Rows(Ids(first, count)), {}, {}).status();
  }

  std::shared_ptr<CollectionEngine> engine_;
};

TEST_F(CollectionEngineTest, FullSegmentIsFlushedBehind) {
  ASSERT_OK(Insert(0, 100));
  EXPECT_EQ(executor_.num_tasks(), 0u);
  ASSERT_OK(Insert(100, 800));
  ASSERT_OK(Insert(900, 10));
  EXPECT_EQ(executor_.num_tasks(), 1u);  // one flush waits, not two
  EXPECT_EQ(FlushedSegments(), 0u);
  executor_.RunAll();
  EXPECT_EQ(FlushedSegments(), 1u);
  EXPECT_EQ(*engine_->Count({}, {}), 910u);
}

TEST_F(CollectionEngineTest, WriterFlushesItselfWhereTheExecutorNeverRuns) {
  uint64_t most = 0;
  for (int64_t first = 0; first < 12000; first += 250) {
    ASSERT_OK(Insert(first, 250));
    uint64_t growing = 0;
    const auto segments = engine_->Segments();
    for (const SegmentDescription& segment : *segments) {
      if (segment.state == SegmentState::kGrowing) growing += segment.num_rows;
    }
    most = std::max(most, growing);
  }
  EXPECT_GT(FlushedSegments(), 2u);
  EXPECT_LT(most, 3200u);  // twice 102 KiB, and a batch
  EXPECT_EQ(*engine_->Count({}, {}), 12000u);
}

TEST_F(CollectionEngineTest, FlushedSegmentIsIndexedBehind) {
  ASSERT_OK(engine_->CreateIndex("v", Hnsw(), {}));
  executor_.RunAll();
  ASSERT_OK(Insert(0, 1200));
  executor_.RunAll();
  EXPECT_EQ(engine_->DescribeIndex("v")->indexed_rows, 1200u);
}

TEST_F(CollectionEngineTest, OpeningLoadsByPolicyAndBuildsWhatIsMissingBehind) {
  ASSERT_OK(engine_->CreateIndex("v", Hnsw(), {}));
  ASSERT_OK(Insert(0, 1200));
  ASSERT_OK(engine_->CloseFlushed(absl::FailedPreconditionError("closed"), {}));
  engine_->Shutdown(absl::FailedPreconditionError("closed"));
  executor_.RunAll();
  Open();
  EXPECT_EQ(engine_->LoadState(), LoadState::kLoaded);
  EXPECT_EQ(engine_->DescribeIndex("v")->indexed_rows, 0u);
  executor_.RunAll();
  EXPECT_EQ(engine_->DescribeIndex("v")->indexed_rows, 1200u);
}

TEST_F(CollectionEngineTest, FailedCloseTakesCallsAgain) {
  ASSERT_OK(Insert(0, 10));
  Context cancelled{.cancel = CancelToken::Make()};
  cancelled.cancel.Cancel();
  const absl::Status reason = absl::FailedPreconditionError("closed");
  EXPECT_EQ(CodeOf(engine_->CloseFlushed(reason, cancelled)), absl::StatusCode::kCancelled);
  EXPECT_EQ(*engine_->Count({}, {}), 10u);
  ASSERT_OK(Insert(10, 10));
  ASSERT_OK(engine_->CloseFlushed(reason, {}));
  EXPECT_EQ(CodeOf(engine_->Count({}, {})), absl::StatusCode::kFailedPrecondition);
  engine_->Shutdown(reason);
  EXPECT_EQ(budget_.used_bytes(), 0u);
  Open();
  EXPECT_EQ(*engine_->Count({}, {}), 20u);
}

TEST_F(CollectionEngineTest, CompactionsThatWereLetGoOfByACloseComeAfterResume) {
  for (int64_t i = 0; i < 3; ++i) {
    ASSERT_OK(Insert(10 * i, 10));
    ASSERT_OK(engine_->Flush({}));
  }
  ASSERT_EQ(FlushedSegments(), 3u);
  ASSERT_OK(engine_->CloseFlushed(absl::FailedPreconditionError("closed"), {}));
  executor_.RunAll();
  engine_->Resume();
  executor_.RunAll();
  EXPECT_EQ(FlushedSegments(), 1u);
}

TEST_F(CollectionEngineTest, ImpossibleManifestIsDataLoss) {
  const auto commit = [this](const format::Manifest& manifest) {
    EXPECT_OK(catalog::VersionWriter::TakeOver(
        {store_.get(), *ObjectPath::Parse("collections/" + id_ + "/manifest"), "manifest"},
        [&](const catalog::Version&) { return format::ManifestToJson(manifest); }, {}));
    return CodeOf(CollectionEngine::Open(environment_, id_, "test", {}, {}));
  };
  const format::Manifest good = core_->manifest();
  format::Manifest manifest = good;
  manifest.collection_id = "another";
  EXPECT_EQ(commit(manifest), absl::StatusCode::kDataLoss);
  manifest = good;
  manifest.options.num_shards = 65;
  EXPECT_EQ(commit(manifest), absl::StatusCode::kDataLoss);
  manifest = good;
  manifest.schema.fields[2].dim = 0;
  EXPECT_EQ(commit(manifest), absl::StatusCode::kDataLoss);
  manifest = good;
  manifest.indexes.push_back({.field = "no_such_field"});
  EXPECT_EQ(commit(manifest), absl::StatusCode::kDataLoss);
  manifest.indexes = {{.field = "tag"}};
  EXPECT_EQ(commit(manifest), absl::StatusCode::kDataLoss);
  EXPECT_EQ(commit(good), absl::StatusCode::kOk);
}

// Executors of a host: one that never runs anything, whatever it claims, and one whose only thread
// is busy for ever.
class HostExecutorTest : public ::testing::Test {
 protected:
  static void UseAll(Executor* executor) {
    support::Oracle oracle(support::TaggedSchema());
    support::TestDatabase db;
    db.options.host.executor = executor;
    const auto c = db->CreateCollection(
        "c", oracle.schema(),
        {.num_shards = 3, .segment_max_bytes = 1 << 20, .seal_proportion = 0.05});
    ASSERT_OK(c);
    ASSERT_OK((*c)->CreateIndex("v", Hnsw()));
    for (int64_t first = 0; first < 4000; first += 1000) {
      const RowBatch rows = support::TaggedRows(oracle.schema(), Ids(first, 1000), "t");
      ASSERT_OK((*c)->Insert(rows));
      oracle.Put(rows);
    }
    ASSERT_OK((*c)->Flush());
    ASSERT_OK((*c)->WaitForIndex("v"));
    support::ExpectSoundSearch(oracle, **c,
                               {.field = "v", .vectors = {1, 2, 3, 0, 1, 1, 1, 1, 0, 0, 0, 0}});
    ASSERT_OK((*c)->Release());
    ASSERT_OK((*c)->Load());
    ASSERT_OK(db->Close());
    db.Crash();
    ExpectSameRows(oracle, **db->OpenCollection("c"));
    ASSERT_OK(db->DropCollection("c"));
  }
};

TEST_F(HostExecutorTest, ExecutorThatNeverRunsAnythingBlocksNothing) {
  for (const int claimed : {0, 1, 4}) {
    support::ManualExecutor executor(claimed);
    UseAll(&executor);
    executor.RunAll();  // long after everything is closed
  }
}

TEST_F(HostExecutorTest, ExecutorWithOneThread) {
  const auto executor = MakeThreadPool(1);
  UseAll(executor.get());
}

TEST_F(HostExecutorTest, ExecutorWhoseThreadIsBusyForEver) {
  base::Gate busy;
  const auto executor = MakeThreadPool(1);
  {
    const auto pass = busy.Enter({});
    executor->Schedule(Priority::kSearch, [&busy] { EXPECT_OK(busy.Enter({})); });
    UseAll(executor.get());
  }
}

}  // namespace
}  // namespace vecdb::engine
