#include "engine/flush.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/loader.h"
#include "support/fault_object_store.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class FlushTest : public CoreFixture {
 protected:
  FlushTest() : CoreFixture({.num_shards = 2}) {}

  uint64_t FlushedRows(const CollectionCore& core) {
    uint64_t rows = 0;
    for (const format::ManifestSegment& segment : core.manifest().segments) {
      rows += segment.info.num_rows - segment.info.num_deletes;
    }
    return rows;
  }

  Writer writer_{core_.get()};
};

TEST_F(FlushTest, RowsOfAllShardsEnterOneManifestVersion) {
  const auto result = writer_.Insert(Rows(Ids(0, 40)), false, {}, {});
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  EXPECT_EQ(core_->manifest_version(), 3u);
  EXPECT_EQ(core_->manifest().segments.size(), 2u);
  EXPECT_GT(core_->manifest().flushed_timestamp, result->timestamp);
  EXPECT_EQ(FlushedRows(*MakeCore()), 40u);
}

TEST_F(FlushTest, ReadersMoveToTheSealedRowsWithTheirDeletes) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 40)), false, {}, {}));
  const Snapshot before = core_->Read();
  ASSERT_OK(writer_.Delete({1, 2}, {}, {}));
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  const Snapshot after = core_->Read();
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(after.view->segments[i].growing, nullptr);
    ASSERT_NE(after.view->segments[i].sealed, nullptr);
    EXPECT_EQ(after.view->segments[i].deletes(), before.view->segments[i].deletes());
  }
  EXPECT_EQ(after.live_rows, 38u);
  EXPECT_EQ(FlushedRows(*core_), 38u);
}

TEST_F(FlushTest, DeletesOfFlushedRowsAreNews) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 40)), false, {}, {}));
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  ASSERT_OK(writer_.Delete({1, 2}, {}, {}));
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  EXPECT_EQ(core_->manifest_version(), 4u);
  EXPECT_EQ(FlushedRows(*core_), 38u);
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  EXPECT_EQ(core_->manifest_version(), 4u);
}

TEST_F(FlushTest, LoadedCollectionStaysLoaded) {
  format::Manifest manifest = core_->manifest();
  manifest.indexes.push_back({.field = "v"});
  ASSERT_OK(core_->Commit(manifest, {}));
  core_->EditView([&](View* view) { view->indexes = manifest.indexes; });
  ASSERT_OK(LoadAll(core_.get(), {}, {}));
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 40)), false, {}, {}));
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  for (const query::SegmentView& segment : core_->Read().view->segments) {
    ASSERT_NE(segment.resident, nullptr);
    EXPECT_NE(segment.resident->fields[2].vectors, nullptr);
  }
}

TEST_F(FlushTest, CancelledFlushChangesNothing) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 40)), false, {}, {}));
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  EXPECT_EQ(CodeOf(Flush(core_.get(), &writer_, context)), absl::StatusCode::kCancelled);
  EXPECT_EQ(core_->manifest_version(), 2u);
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  EXPECT_EQ(FlushedRows(*core_), 40u);
}

TEST_F(FlushTest, CollectionThatRefusesWritesIsNotFlushed) {
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 40)), false, {}, {}));
  core_->RefuseWrites(absl::UnknownError("lost"));
  EXPECT_EQ(CodeOf(Flush(core_.get(), &writer_, {})), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(core_->Read().live_rows, 40u);
}

}  // namespace
}  // namespace vecdb::engine
