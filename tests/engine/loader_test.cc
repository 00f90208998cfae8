#include "engine/loader.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "segment/scalar_index_builder.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class LoaderTest : public CoreFixture {
 protected:
  LoaderTest() : CoreFixture({.num_shards = 2}) {
    EXPECT_OK(writer_.Insert(Rows(Ids(0, 40)), false, {}, {}));
    EXPECT_OK(Flush(core_.get(), &writer_, {}));
  }

  void DefineIndex(const format::IndexDefinition& index = {.field = "v"}) {
    format::Manifest manifest = core_->manifest();
    manifest.indexes.push_back(index);
    ASSERT_OK(core_->Commit(manifest, {}));
    core_->EditView([&](View* view) { view->indexes = manifest.indexes; });
  }

  Writer writer_{core_.get()};
};

TEST_F(LoaderTest, SegmentsAreFoundByTheirFolder) {
  const auto view = core_->Read().view;
  const std::string folder = core_->manifest().segments[1].info.folder;
  ASSERT_NE(FindSegment(*view, folder), nullptr);
  EXPECT_EQ(FindSegment(*view, folder)->sealed->info().folder, folder);
  EXPECT_EQ(FindEntry(core_->manifest(), folder)->info.folder, folder);
  EXPECT_EQ(FindSegment(*view, "elsewhere"), nullptr);
  EXPECT_EQ(FindEntry(core_->manifest(), "elsewhere"), nullptr);
}

TEST_F(LoaderTest, OpenedSegmentsAreShownUnloaded) {
  const auto core = MakeCore();
  ASSERT_OK(OpenSegments(core.get(), {}, {}));
  const Snapshot snapshot = core->Read();
  ASSERT_EQ(snapshot.view->segments.size(), 2u);
  EXPECT_EQ(snapshot.live_rows, 40u);
  for (const query::SegmentView& segment : snapshot.view->segments) {
    EXPECT_NE(segment.sealed, nullptr);
    EXPECT_EQ(segment.resident, nullptr);
  }
}

TEST_F(LoaderTest, SegmentWhoseObjectIsMissingIsShownAsDamaged) {
  const std::string folder = core_->manifest().segments[0].info.folder;
  ASSERT_OK(store_->Delete(*ObjectPath::Parse(folder + "/columns.vseg")));
  const auto core = MakeCore();
  ASSERT_OK(OpenSegments(core.get(), {}, {}));
  const query::SegmentView segment = core->Read().view->segments[0];
  EXPECT_EQ(CodeOf(segment.damage), absl::StatusCode::kDataLoss);
  EXPECT_EQ(segment.sealed, nullptr);
  ASSERT_NE(segment.damaged_info, nullptr);
  EXPECT_EQ(segment.damaged_info->folder, folder);
}

TEST_F(LoaderTest, LoadingNeedsAnIndex) {
  EXPECT_EQ(CodeOf(LoadAll(core_.get(), {}, {})), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LoaderTest, LoadingNeedsAnIndexOfAVectorField) {
  DefineIndex({.field = "tag", .spec = {.params = InvertedParams{}}});
  EXPECT_EQ(CodeOf(LoadAll(core_.get(), {}, {})), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(core_->Read().view->loaded);
  DefineIndex();
  ASSERT_OK(LoadAll(core_.get(), {}, {}));
  const auto resident = core_->Read().view->segments[0].resident;
  EXPECT_EQ(resident->fields[1].vectors, nullptr);
  EXPECT_NE(resident->fields[2].vectors, nullptr);
}

TEST_F(LoaderTest, IndexOfAScalarFieldLeavesWhatIsInMemory) {
  DefineIndex();
  ASSERT_OK(LoadAll(core_.get(), {}, {}));
  const auto before = core_->Read().view;
  const query::SegmentView& segment = before->segments[0];
  auto built = segment::BuildScalarIndex(*segment.sealed, 1, {.params = InvertedParams{}}, {});
  ASSERT_OK(built);
  format::Manifest manifest = core_->manifest();
  manifest.segments[0].info.indexes = {*built};
  ASSERT_OK(core_->Commit(manifest, {}));
  const auto core = MakeCore();
  ASSERT_OK(OpenSegments(core.get(), {before.get()}, {}));
  EXPECT_EQ(core->Read().view->segments[0].resident, segment.resident);
  EXPECT_NE(segment.resident, nullptr);
}

TEST_F(LoaderTest, LoadingAgainSharesWhatIsThere) {
  DefineIndex();
  ASSERT_OK(LoadAll(core_.get(), {}, {}));
  const auto first = core_->Read().view->segments[0].resident->fields[2].vectors;
  const uint64_t used = budget_.used_bytes();
  ASSERT_OK(LoadAll(core_.get(), {}, {}));
  EXPECT_EQ(core_->Read().view->segments[0].resident->fields[2].vectors, first);
  EXPECT_EQ(budget_.used_bytes(), used);
}

TEST_F(LoaderTest, ReleaseGivesEverythingBack) {
  DefineIndex();
  ASSERT_OK(LoadAll(core_.get(), {}, {}));
  EXPECT_GT(budget_.used_bytes(), 0u);
  ReleaseAll(core_.get());
  EXPECT_EQ(budget_.used_bytes(), 0u);
  EXPECT_FALSE(core_->Read().view->loaded);
}

TEST_F(LoaderTest, CancelledLoadLoadsNothing) {
  DefineIndex();
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  EXPECT_EQ(CodeOf(LoadAll(core_.get(), {}, context)), absl::StatusCode::kCancelled);
  EXPECT_FALSE(core_->Read().view->loaded);
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

}  // namespace
}  // namespace vecdb::engine
