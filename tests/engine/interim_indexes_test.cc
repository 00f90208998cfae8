#include "engine/interim_indexes.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/index_jobs.h"
#include "engine/loader.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Flat;
using support::Hnsw;
using support::Ids;

constexpr size_t kInterimColumn = 2;

class InterimIndexesTest : public CoreFixture {
 protected:
  explicit InterimIndexesTest(CollectionOptions options = {.num_shards = 1})
      : CoreFixture(options) {}

  void Put(int64_t first, size_t count) {
    ASSERT_OK(writer_.Insert(Rows(Ids(first, count)), false, {}, {}));
  }
  void PutLoaded(size_t count) {
    Put(0, count);
    ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
    ASSERT_TRUE(core_->Read().view->loaded);
  }
  query::SegmentView Segment() const { return core_->Read().view->segments.at(0); }
  uint32_t IndexedRows() const {
    const auto interim = Segment().growing->interim(kInterimColumn);
    return interim == nullptr ? 0 : interim->num_rows();
  }
  void ExtendAll() {
    while (InterimIsDue(*core_)) ASSERT_OK(ExtendInterims(core_.get(), {}));
  }

  Writer writer_{core_.get()};
  IndexJobs jobs_{core_.get()};
};

TEST_F(InterimIndexesTest, DueOnceThereAreManyRows) {
  EXPECT_FALSE(InterimIsDue(*core_));
  PutLoaded(kMinInterimRows - 1);
  EXPECT_FALSE(InterimIsDue(*core_));
  Put(100'000, 1);
  EXPECT_TRUE(InterimIsDue(*core_));
  ASSERT_OK(ExtendInterims(core_.get(), {}));
  EXPECT_EQ(IndexedRows(), kMinInterimRows);
  EXPECT_FALSE(InterimIsDue(*core_));
  Put(200'000, kInterimLag - 1);
  EXPECT_FALSE(InterimIsDue(*core_));
  Put(300'000, 1);
  EXPECT_TRUE(InterimIsDue(*core_));
}

TEST_F(InterimIndexesTest, ExtendedByStepsAsOtherWorkWaits) {
  PutLoaded(9000);
  ASSERT_OK(ExtendInterims(core_.get(), {}));
  EXPECT_EQ(IndexedRows(), 4096u);
  EXPECT_TRUE(InterimIsDue(*core_));
  ExtendAll();
  EXPECT_EQ(IndexedRows(), 9000u);
}

TEST_F(InterimIndexesTest, OnlyWhatSearchesReadHasOne) {
  Put(0, 5000);
  EXPECT_FALSE(InterimIsDue(*core_));
  ASSERT_OK(jobs_.Create("v", Flat(), {}));
  EXPECT_TRUE(core_->Read().view->loaded);
  EXPECT_FALSE(InterimIsDue(*core_));  // FLAT is exact
  ASSERT_OK(jobs_.Drop("v", {}));
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  EXPECT_TRUE(InterimIsDue(*core_));
  ReleaseAll(core_.get());
  EXPECT_FALSE(InterimIsDue(*core_));
  EXPECT_OK(ExtendInterims(core_.get(), {}));
  EXPECT_EQ(IndexedRows(), 0u);
}

TEST_F(InterimIndexesTest, FlushedRowsAreSearchedByItUntilTheirIndexIsBuilt) {
  PutLoaded(5000);
  ExtendAll();
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  EXPECT_NE(Segment().sealed, nullptr);
  EXPECT_EQ(Segment().resident, nullptr);
  ASSERT_NE(Segment().growing, nullptr);
  EXPECT_EQ(IndexedRows(), 5000u);
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  EXPECT_EQ(Segment().growing, nullptr);
  ASSERT_NE(Segment().resident, nullptr);
  EXPECT_NE(Segment().resident->fields[kInterimColumn].index, nullptr);
  EXPECT_NE(Segment().resident->keys, nullptr);
}

TEST_F(InterimIndexesTest, WithoutOneTheRowsAreLoadedAtOnce) {
  PutLoaded(5000);
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  EXPECT_EQ(Segment().growing, nullptr);
  EXPECT_NE(Segment().resident, nullptr);
}

TEST_F(InterimIndexesTest, NearTheLimitTheRowsAreLoadedAtOnce) {
  PutLoaded(5000);
  ExtendAll();
  budget_.SetLimit(budget_.used_bytes() + Segment().growing->memory_bytes());
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  EXPECT_EQ(Segment().growing, nullptr);
  EXPECT_NE(Segment().resident, nullptr);
}

TEST_F(InterimIndexesTest, RefusedMemoryLeavesTheRowsToBeCompared) {
  PutLoaded(5000);
  budget_.SetLimit(budget_.used_bytes());
  EXPECT_EQ(CodeOf(ExtendInterims(core_.get(), {})), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(IndexedRows(), 0u);
  budget_.SetLimit(MemoryBudget::kNoLimit);
  ExtendAll();
  EXPECT_EQ(IndexedRows(), 5000u);
}

TEST_F(InterimIndexesTest, DropAlterAndReleaseLeaveNothingWaiting) {
  PutLoaded(5000);
  ExtendAll();
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  ASSERT_OK(jobs_.Alter("v", Flat(), {}));  // which needs no build
  EXPECT_EQ(Segment().growing, nullptr);
  EXPECT_NE(Segment().resident, nullptr);
  ASSERT_OK(jobs_.Drop("v", {}));
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

TEST_F(InterimIndexesTest, ReleaseGivesTheRowsBack) {
  PutLoaded(5000);
  ExtendAll();
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  ReleaseAll(core_.get());
  EXPECT_EQ(Segment().growing, nullptr);
  EXPECT_EQ(Segment().resident, nullptr);
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

TEST_F(InterimIndexesTest, GivenBackWithoutAFlushToo) {
  Put(0, 5000);
  const uint64_t rows_bytes = budget_.used_bytes();
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  ExtendAll();
  EXPECT_GT(budget_.used_bytes(), rows_bytes);
  ReleaseAll(core_.get());
  EXPECT_EQ(budget_.used_bytes(), rows_bytes);
  ASSERT_OK(LoadAll(core_.get(), {}, {}));
  ExtendAll();
  ASSERT_OK(jobs_.Drop("v", {}));
  EXPECT_EQ(budget_.used_bytes(), rows_bytes);
}

TEST_F(InterimIndexesTest, OneForAnotherMetricIsNone) {
  PutLoaded(5000);
  Segment().growing->EnsureInterim(kInterimColumn, Metric::kIp, 8, 40);
  ASSERT_OK(Segment().growing->ExtendInterim(kInterimColumn, {}));
  EXPECT_EQ(IndexedRows(), 5000u);
  EXPECT_TRUE(InterimIsDue(*core_));
  ExtendAll();
  EXPECT_EQ(Segment().growing->interim(kInterimColumn)->spec().metric, Metric::kL2);
}

class NoInterimTest : public InterimIndexesTest {
 protected:
  NoInterimTest() : InterimIndexesTest({.num_shards = 1, .interim_index = false}) {}
};

TEST_F(NoInterimTest, WhoWantsNoneGetsNone) {
  PutLoaded(5000);
  EXPECT_FALSE(InterimIsDue(*core_));
}

}  // namespace
}  // namespace vecdb::engine
