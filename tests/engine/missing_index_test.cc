#include "engine/missing_index.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"

namespace vecdb::engine {
namespace {

using support::Flat;
using support::Hnsw;
using support::Ids;

class MissingIndexTest : public CoreFixture {
 protected:
  // A flushed segment of so many rows, that claims to have these indexes.
  std::shared_ptr<const segment::SealedSegment> Sealed(size_t num_rows,
                                                       std::vector<SegmentIndexInfo> indexes) {
    Writer writer(core_.get());
    EXPECT_OK(writer.Insert(Rows(Ids(0, num_rows)), false, {}, {}));
    EXPECT_OK(Flush(core_.get(), &writer, {}));
    const auto sealed = core_->Read().view->segments.back().sealed;
    SegmentInfo info = sealed->info();
    info.indexes = std::move(indexes);
    return sealed->WithInfo(info);
  }
};

TEST_F(MissingIndexTest, FlatAndSmallSegmentsNeedNoBuild) {
  EXPECT_FALSE(NeedsBuild(Flat(), 1'000'000));
  EXPECT_FALSE(NeedsBuild(Hnsw(), kMinIndexedRows - 1));
  EXPECT_TRUE(NeedsBuild(Hnsw(), kMinIndexedRows));
}

TEST_F(MissingIndexTest, IndexedIsWhoHasWhatIsDefinedNow) {
  const auto sealed = Sealed(kMinIndexedRows, {{.field = "v", .spec = Hnsw()}});
  EXPECT_EQ(FindIndex(sealed->info(), "tag"), nullptr);
  EXPECT_EQ(FindIndex(sealed->info(), "v")->spec, Hnsw());
  EXPECT_TRUE(IsIndexed(*sealed, {.field = "v", .spec = Hnsw()}));
  EXPECT_FALSE(IsIndexed(*sealed, {.field = "v", .spec = {.params = HnswParams{.m = 4}}}));
  EXPECT_FALSE(IsIndexed(*sealed, {.field = "v", .spec = Flat()}));  // has one too many
  EXPECT_FALSE(IsIndexed(*sealed, {.field = "tag", .spec = {.params = InvertedParams{}}}));
}

TEST_F(MissingIndexTest, VectorIndexesAloneAreAskedFor) {
  const auto sealed = Sealed(kMinIndexedRows, {{.field = "v", .spec = Hnsw()}});
  View view;
  view.indexes = {{.field = "tag", .spec = {.params = InvertedParams{}}},
                  {.field = "v", .spec = Hnsw()}};
  EXPECT_TRUE(HasVectorIndexes(*sealed, view));
  view.indexes[1].spec = Flat();
  EXPECT_FALSE(HasVectorIndexes(*sealed, view));
}

}  // namespace
}  // namespace vecdb::engine
