#include "engine/index_jobs.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/loader.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Flat;
using support::Hnsw;
using support::Ids;

class IndexJobsTest : public CoreFixture {
 protected:
  void Put(int64_t first, size_t count) {
    ASSERT_OK(writer_.Insert(Rows(Ids(first, count)), false, {}, {}));
    ASSERT_OK(Flush(core_.get(), &writer_, {}));
  }
  // Objects of all segments whose name ends so.
  size_t ObjectsLike(std::string_view end) {
    size_t count = 0;
    const auto objects = store_->List(*ObjectPath::Parse("collections"));
    for (const ObjectInfo& object : *objects) {
      count += object.path.str().ends_with(end) ? 1 : 0;
    }
    return count;
  }

  Writer writer_{core_.get()};
  IndexJobs jobs_{core_.get()};
};

TEST_F(IndexJobsTest, SegmentsFromTheThresholdOnAreBuilt) {
  Put(0, kMinIndexedRows - 1);
  Put(2000, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  EXPECT_EQ(jobs_.Describe("v")->total_rows, 2 * kMinIndexedRows - 1);
  EXPECT_EQ(jobs_.Describe("v")->indexed_rows, kMinIndexedRows - 1);
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  EXPECT_EQ(jobs_.Describe("v")->indexed_rows, 2 * kMinIndexedRows - 1);
  EXPECT_EQ(ObjectsLike(".idx"), 1u);
  const auto view = core_->Read().view;
  EXPECT_EQ(view->segments[0].resident->fields[2].index, nullptr);
  EXPECT_NE(view->segments[1].resident->fields[2].index, nullptr);
  const uint64_t version = core_->manifest_version();
  ASSERT_OK(jobs_.BuildMissing("", {}));  // nothing is left to do
  EXPECT_EQ(core_->manifest_version(), version);
}

TEST_F(IndexJobsTest, FlatNeedsNoBuild) {
  Put(0, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("v", Flat(), {}));
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  EXPECT_EQ(jobs_.Describe("v")->indexed_rows, kMinIndexedRows);
  EXPECT_EQ(ObjectsLike(".idx"), 0u);
}

TEST_F(IndexJobsTest, IndexOfAnUnloadedCollectionIsReadByTheNextLoad) {
  Put(0, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  ReleaseAll(core_.get());
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  EXPECT_EQ(core_->Read().view->segments[0].resident, nullptr);
  EXPECT_EQ(budget_.used_bytes(), 0u);
  ASSERT_OK(LoadAll(core_.get(), {}, {}));
  EXPECT_NE(core_->Read().view->segments[0].resident->fields[2].index, nullptr);
}

TEST_F(IndexJobsTest, DroppedIndexLeavesManifestAndMemory) {
  Put(0, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  ASSERT_OK(jobs_.Drop("v", {}));
  EXPECT_TRUE(core_->manifest().segments[0].info.indexes.empty());
  EXPECT_TRUE(core_->manifest().indexes.empty());
  EXPECT_EQ(budget_.used_bytes(), 0u);
  EXPECT_EQ(CodeOf(jobs_.Drop("v", {})), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(jobs_.BuildMissing("v", {})), absl::StatusCode::kNotFound);
  ASSERT_OK(jobs_.Create("v", Hnsw(Metric::kIp), {}));
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  EXPECT_EQ(core_->manifest().segments[0].info.indexes[0].spec, Hnsw(Metric::kIp));
}

TEST_F(IndexJobsTest, CancelledBuildIsNoFailureOfTheIndex) {
  Put(0, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  EXPECT_EQ(CodeOf(jobs_.BuildMissing("v", context)), absl::StatusCode::kCancelled);
  EXPECT_EQ(jobs_.Describe("v")->last_error, "");
  ASSERT_OK(jobs_.BuildMissing("v", {}));
}

// An index of vectors as Put inserts them.
std::unique_ptr<Index> IndexOfIds(const IndexSpec& spec, int64_t first, size_t count) {
  std::vector<float> rows;
  for (const int64_t id : Ids(first, count)) {
    const std::vector<float> vector = support::GridVector(id, 4);
    rows.insert(rows.end(), vector.begin(), vector.end());
  }
  return *IndexBuilder(4, spec).Build(rows);
}

TEST_F(IndexJobsTest, AttachedIndexIsThatOfTheSegmentWithItsRows) {
  Put(0, 2000);
  Put(2000, 1500);
  Put(3500, 1500);
  ASSERT_OK(jobs_.Attach("v", *IndexOfIds(Hnsw(), 3500, 1500), {}));
  EXPECT_EQ(core_->manifest().indexes.size(), 1u);
  EXPECT_EQ(jobs_.Describe("v")->indexed_rows, 1500u);
  const auto view = core_->Read().view;
  EXPECT_TRUE(view->loaded);
  EXPECT_EQ(view->segments[1].resident->fields[2].index, nullptr);
  EXPECT_NE(view->segments[2].resident->fields[2].index, nullptr);
  // A second one is welcome, and the rest is built.
  ASSERT_OK(jobs_.Attach("v", *IndexOfIds(Hnsw(), 2000, 1500), {}));
  EXPECT_EQ(ObjectsLike(".idx"), 2u);
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  EXPECT_EQ(ObjectsLike(".idx"), 3u);
  EXPECT_EQ(jobs_.Describe("v")->indexed_rows, 5000u);
  for (const query::SegmentView& segment : core_->Read().view->segments) {
    EXPECT_NE(segment.resident->fields[2].index, nullptr);
  }
}

TEST_F(IndexJobsTest, AttachSaysWhatTheNearestSegmentHasInstead) {
  Put(0, 2000);
  const auto message = [&](const Index& index) {
    const absl::Status status = jobs_.Attach("v", index, {});
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  };
  EXPECT_NE(message(*IndexOfIds(Hnsw(), 0, 1999)).find("of 1 flushed segments none has as many"),
            std::string::npos);
  EXPECT_NE(message(*IndexOfIds(Hnsw(), 1, 2000)).find("row 0 of the index has another vector"),
            std::string::npos);
  EXPECT_TRUE(core_->manifest().indexes.empty());
  EXPECT_EQ(ObjectsLike(".idx"), 0u);
}

TEST_F(IndexJobsTest, AttachKeepsToWhatIsThere) {
  Put(0, 2000);
  const auto index = IndexOfIds(Hnsw(), 0, 2000);
  ASSERT_OK(jobs_.Attach("v", *index, {}));
  EXPECT_EQ(CodeOf(jobs_.Attach("v", *index, {})), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(jobs_.Attach("v", *IndexOfIds(Flat(), 0, 2000), {})),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(jobs_.Attach("x", *index, {})), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(jobs_.Attach("tag", *index, {})), absl::StatusCode::kInvalidArgument);
  const std::vector<float> wider(8);
  EXPECT_EQ(CodeOf(jobs_.Attach("v", **IndexBuilder(8, Hnsw()).Build(wider), {})),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ObjectsLike(".idx"), 1u);
}

TEST_F(IndexJobsTest, AttachReadsTheVectorsOfAnUnloadedCollection) {
  Put(0, 2000);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  ReleaseAll(core_.get());
  ASSERT_OK(jobs_.Attach("v", *IndexOfIds(Hnsw(), 0, 2000), {}));
  EXPECT_NE(core_->Read().view->segments[0].resident->fields[2].index, nullptr);
}

TEST_F(IndexJobsTest, NothingIsAttachedOnceWritesAreRefused) {
  Put(0, 2000);
  core_->RefuseWrites(absl::UnknownError("a test"));
  EXPECT_EQ(CodeOf(jobs_.Attach("v", *IndexOfIds(Hnsw(), 0, 2000), {})),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ObjectsLike(".idx"), 0u);
}

class ScalarIndexJobsTest : public IndexJobsTest {
 protected:
  static constexpr size_t kTag = 1;  // the column in TaggedSchema
  const IndexSpec kInverted = {.params = InvertedParams{}};

  absl::StatusOr<std::shared_ptr<const filter::ScalarIndex>> LoadTagIndex() {
    return core_->Read().view->segments[0].sealed->LoadScalarIndex(kTag, {});
  }
  static uint64_t CountOf(const filter::ScalarIndex& index, const char* tag) {
    return index.Count({.strings = filter::IntervalSet<std::string>::Point(tag)});
  }
};

TEST_F(ScalarIndexJobsTest, IndexIsBuiltAndReadWhenItIsUsed) {
  Put(0, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("tag", kInverted, {}));
  EXPECT_FALSE(core_->Read().view->loaded);
  EXPECT_EQ(*LoadTagIndex(), nullptr);
  ASSERT_OK(jobs_.BuildMissing("", {}));
  EXPECT_EQ(jobs_.Describe("tag")->indexed_rows, kMinIndexedRows);
  const auto index = LoadTagIndex();
  ASSERT_OK(index);
  ASSERT_NE(*index, nullptr);
  EXPECT_EQ(CountOf(**index, "t"), kMinIndexedRows);
  EXPECT_EQ(CountOf(**index, "x"), 0u);
}

TEST_F(ScalarIndexJobsTest, LoadedCollectionKeepsItsVectors) {
  Put(0, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  ASSERT_OK(jobs_.Create("tag", kInverted, {}));
  ASSERT_OK(jobs_.BuildMissing("tag", {}));
  const auto view = core_->Read().view;
  EXPECT_NE(view->segments[0].resident->fields[2].index, nullptr);
  EXPECT_EQ(view->segments[0].resident->fields[kTag].vectors, nullptr);
  ASSERT_OK(LoadAll(core_.get(), {}, {}));
  EXPECT_NE(core_->Read().view->segments[0].resident->fields[2].index, nullptr);
}

TEST_F(ScalarIndexJobsTest, DamagedIndexIsBuiltAgain) {
  Put(0, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("tag", kInverted, {}));
  ASSERT_OK(jobs_.BuildMissing("tag", {}));
  const SegmentInfo before = core_->manifest().segments[0].info;
  const ObjectPath path = *ObjectPath::Parse(before.folder + "/" + before.indexes[0].object.name);
  ASSERT_OK(store_->Delete(path));
  ASSERT_OK(PutObject(*store_, path, std::string(5000, 'x')));
  EXPECT_EQ(*LoadTagIndex(), nullptr);
  EXPECT_EQ(jobs_.Describe("tag")->indexed_rows, 0u);
  ASSERT_OK(jobs_.BuildMissing("tag", {}));
  EXPECT_EQ(jobs_.Describe("tag")->indexed_rows, kMinIndexedRows);
  EXPECT_NE(core_->manifest().segments[0].info.indexes[0].object.name,
            before.indexes[0].object.name);
  const auto index = LoadTagIndex();
  ASSERT_OK(index);
  ASSERT_NE(*index, nullptr);
  EXPECT_EQ(CountOf(**index, "t"), kMinIndexedRows);
}

TEST_F(ScalarIndexJobsTest, WhoUsesADroppedIndexGoesOn) {
  Put(0, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("tag", kInverted, {}));
  ASSERT_OK(jobs_.BuildMissing("tag", {}));
  auto index = *LoadTagIndex();
  const uint64_t used_bytes = budget_.used_bytes();
  ASSERT_OK(jobs_.Drop("tag", {}));
  EXPECT_EQ(*LoadTagIndex(), nullptr);
  EXPECT_EQ(CountOf(*index, "t"), kMinIndexedRows);
  EXPECT_LT(budget_.used_bytes(), used_bytes);  // the column that the build read
  index = nullptr;
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

TEST_F(ScalarIndexJobsTest, CancelledBuildIsNoFailureOfTheIndex) {
  Put(0, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("tag", kInverted, {}));
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  EXPECT_EQ(CodeOf(jobs_.BuildMissing("tag", context)), absl::StatusCode::kCancelled);
  EXPECT_EQ(jobs_.Describe("tag")->last_error, "");
  ASSERT_OK(jobs_.BuildMissing("tag", {}));
}

}  // namespace
}  // namespace vecdb::engine
