// Builds of several segments at a time, their progress, and indexes that are altered or dropped
// meanwhile.
#include <gtest/gtest.h>

#include <thread>

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

const IndexSpec kQueueIvf{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 16}};
constexpr size_t kQueueColumn = 2;

class IndexQueueTest : public CoreFixture {
 protected:
  void Put(int64_t first, size_t count) {
    ASSERT_OK(writer_.Insert(Rows(Ids(first, count)), false, {}, {}));
    ASSERT_OK(Flush(core_.get(), &writer_, {}));
  }
  const segment::ResidentField& FieldOf(size_t segment) const {
    return core_->Read().view->segments[segment].resident->fields[kQueueColumn];
  }
  size_t NumIndexObjects() {
    size_t count = 0;
    const auto objects = store_->List(*ObjectPath::Parse("collections"));
    for (const ObjectInfo& object : *objects) count += object.path.str().ends_with(".idx") ? 1 : 0;
    return count;
  }

  Writer writer_{core_.get()};
  IndexJobs jobs_{core_.get()};
};

TEST_F(IndexQueueTest, SegmentsKeepTheirIndexUntilTheAlteredOneIsBuilt) {
  Put(0, kMinIndexedRows);
  Put(5000, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  ASSERT_OK(jobs_.Alter("v", kQueueIvf, {}));
  EXPECT_EQ(jobs_.Describe("v")->spec, kQueueIvf);
  EXPECT_EQ(jobs_.Describe("v")->state, IndexState::kWaiting);
  EXPECT_EQ(jobs_.Describe("v")->pending_rows(), 2 * kMinIndexedRows);
  EXPECT_EQ(FieldOf(0).index->spec(), Hnsw());
  FailedBuilds failed;
  EXPECT_TRUE(*jobs_.BuildNext(&failed, {}));
  EXPECT_EQ(FieldOf(0).index->spec(), kQueueIvf);
  EXPECT_EQ(FieldOf(1).index->spec(), Hnsw());
  EXPECT_EQ(jobs_.CountMissing(), 1u);
  // A load of now reads what each has.
  ReleaseAll(core_.get());
  ASSERT_OK(LoadAll(core_.get(), {}, {}));
  EXPECT_EQ(FieldOf(0).index->spec(), kQueueIvf);
  EXPECT_EQ(FieldOf(1).index->spec(), Hnsw());
  ASSERT_OK(jobs_.BuildMissing("", {}));
  EXPECT_EQ(FieldOf(1).index->spec(), kQueueIvf);
  EXPECT_EQ(jobs_.Describe("v")->state, IndexState::kFinished);
  EXPECT_EQ(core_->manifest().segments[1].info.indexes.size(), 1u);
}

TEST_F(IndexQueueTest, AlteredToFlatTheOldIndexGoesAndTheRowsCome) {
  Put(0, kMinIndexedRows);
  const IndexSpec coded{.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 16}};
  ASSERT_OK(jobs_.Create("v", coded, {}));
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  EXPECT_EQ(FieldOf(0).vectors->view.rows, nullptr);
  ASSERT_OK(jobs_.Alter("v", Flat(), {}));
  EXPECT_EQ(jobs_.CountMissing(), 1u);  // its index is not exact
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  EXPECT_EQ(FieldOf(0).index, nullptr);
  EXPECT_NE(FieldOf(0).vectors->view.rows, nullptr);
  EXPECT_TRUE(core_->manifest().segments[0].info.indexes.empty());
  EXPECT_EQ(jobs_.CountMissing(), 0u);
  ASSERT_OK(jobs_.Alter("v", Hnsw(), {}));
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  EXPECT_EQ(FieldOf(0).index->spec(), Hnsw());
}

TEST_F(IndexQueueTest, AlteredWithoutLoading) {
  Put(0, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  ReleaseAll(core_.get());
  ASSERT_OK(jobs_.Alter("v", Flat(), {}));
  ASSERT_OK(jobs_.BuildMissing("v", {}));
  EXPECT_TRUE(core_->manifest().segments[0].info.indexes.empty());
  EXPECT_EQ(core_->Read().view->segments[0].resident, nullptr);
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

TEST_F(IndexQueueTest, AlterSaysWhatCannotBe) {
  Put(0, kMinIndexedRows);
  EXPECT_EQ(CodeOf(jobs_.Alter("v", kQueueIvf, {})), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(jobs_.Alter("none", kQueueIvf, {})), absl::StatusCode::kNotFound);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  const uint64_t version = core_->manifest_version();
  const absl::Status other_metric = jobs_.Alter("v", Hnsw(Metric::kIp), {});
  EXPECT_EQ(other_metric.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(other_metric.message().find("L2"), std::string::npos) << other_metric;
  EXPECT_NE(other_metric.message().find("IP"), std::string::npos) << other_metric;
  const IndexSpec bad{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 0}};
  EXPECT_EQ(CodeOf(jobs_.Alter("v", bad, {})), absl::StatusCode::kInvalidArgument);
  EXPECT_OK(jobs_.Alter("v", Hnsw(), {}));  // it is that already
  EXPECT_EQ(core_->manifest_version(), version);
  EXPECT_EQ(jobs_.Describe("v")->spec, Hnsw());
}

TEST_F(IndexQueueTest, OneThatFailsKeepsNoOtherFromBeingBuilt) {
  Put(0, kMinIndexedRows);
  Put(5000, kMinIndexedRows);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  ReleaseAll(core_.get());
  const SegmentInfo damaged = core_->manifest().segments[0].info;
  for (const ObjectRef& object : damaged.objects) {
    if (!object.name.ends_with(".vec")) continue;
    const ObjectPath path = *ObjectPath::Parse(damaged.folder + "/" + object.name);
    std::string bytes = *GetObject(*store_, path, 1 << 20);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    ASSERT_OK(store_->Delete(path));
    ASSERT_OK(PutObject(*store_, path, bytes));
  }
  const auto core = MakeCore();  // the files are opened anew
  ASSERT_OK(OpenSegments(core.get(), {}, {}));
  IndexJobs jobs(core.get());
  EXPECT_FALSE(jobs.BuildMissing("v", {}).ok());
  const IndexDescription description = *jobs.Describe("v");
  EXPECT_EQ(description.state, IndexState::kFailed);
  EXPECT_EQ(description.indexed_rows, kMinIndexedRows);
  EXPECT_NE(description.last_error, "");
  ASSERT_EQ(description.segments.size(), 2u);
  EXPECT_EQ(description.segments[0].state, IndexState::kFailed);
  EXPECT_EQ(description.segments[0].error, description.last_error);
  EXPECT_EQ(description.segments[1].state, IndexState::kFinished);
  EXPECT_EQ(description.segments[1].rows_done, kMinIndexedRows);
  EXPECT_EQ(description.segments[1].error, "");
}

TEST_F(IndexQueueTest, BuildersShareTheSegments) {
  constexpr size_t kSegments = 6;
  for (size_t i = 0; i < kSegments; ++i) Put(static_cast<int64_t>(10'000 * i), kMinIndexedRows);
  ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
  std::vector<std::thread> builders;
  for (int i = 0; i < 3; ++i) {
    builders.emplace_back([this] { EXPECT_OK(jobs_.BuildMissing("v", {})); });
  }
  for (std::thread& builder : builders) builder.join();
  EXPECT_EQ(jobs_.CountMissing(), 0u);
  EXPECT_EQ(NumIndexObjects(), kSegments);  // none was built twice
}

// A segment whose build takes a while, and a thread that builds it.
class LongBuildTest : public IndexQueueTest {
 protected:
  static constexpr size_t kManyRows = 40'000;

  void SetUp() override {
    Put(0, kManyRows);
    ReleaseAll(core_.get());
    ASSERT_OK(jobs_.Create("v", Hnsw(), {}));
    builder_ = std::thread([this] { result_ = jobs_.BuildMissing("v", {}); });
    while (Progress().rows_done == 0) std::this_thread::yield();
  }
  void TearDown() override {
    if (builder_.joinable()) builder_.join();
  }
  SegmentIndexProgress Progress() const { return jobs_.Describe("v")->segments.at(0); }
  absl::Status Result() {
    builder_.join();
    return result_;
  }

 private:
  std::thread builder_;
  absl::Status result_;
};

TEST_F(LongBuildTest, ProgressIsTold) {
  const IndexDescription description = *jobs_.Describe("v");
  EXPECT_EQ(description.state, IndexState::kBuilding);
  EXPECT_EQ(description.pending_rows(), kManyRows);
  const SegmentIndexProgress first = Progress();
  EXPECT_EQ(first.num_rows, kManyRows);
  EXPECT_LT(first.rows_done, kManyRows);
  while (Progress().rows_done == first.rows_done) std::this_thread::yield();
  EXPECT_GT(Progress().rows_done, first.rows_done);
  EXPECT_OK(Result());
  EXPECT_EQ(Progress().rows_done, kManyRows);
  EXPECT_EQ(jobs_.Describe("v")->state, IndexState::kFinished);
}

TEST_F(LongBuildTest, DropStopsTheBuild) {
  ASSERT_OK(jobs_.Drop("v", {}));
  EXPECT_EQ(CodeOf(Result()), absl::StatusCode::kNotFound);
  EXPECT_EQ(NumIndexObjects(), 0u);
  EXPECT_EQ(budget_.used_bytes(), 0u);
}

TEST_F(LongBuildTest, AlterStopsTheBuildAndTheOtherIsBuilt) {
  ASSERT_OK(jobs_.Alter("v", kQueueIvf, {}));
  EXPECT_OK(Result());
  ASSERT_EQ(core_->manifest().segments[0].info.indexes.size(), 1u);
  EXPECT_EQ(core_->manifest().segments[0].info.indexes[0].spec, kQueueIvf);
  EXPECT_EQ(NumIndexObjects(), 1u);
}

TEST_F(LongBuildTest, WhoWaitsHasADeadline) {
  EXPECT_EQ(CodeOf(jobs_.BuildMissing("v", Context::WithTimeout(absl::Milliseconds(5)))),
            absl::StatusCode::kDeadlineExceeded);
  jobs_.BuildBehind({});  // leaves what others build alone
  EXPECT_EQ(Progress().state, IndexState::kBuilding);
  ASSERT_OK(jobs_.Drop("v", {}));
}

}  // namespace
}  // namespace vecdb::engine
