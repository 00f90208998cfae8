#include "engine/load_run.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/loader.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class LoadRunTest : public CoreFixture {
 protected:
  LoadRunTest() : CoreFixture({.num_shards = 2, .load = LoadPolicy::kManual}) {
    EXPECT_OK(writer_.Insert(Rows(Ids(0, 40)), false, {}, {}));
    EXPECT_OK(Flush(core_.get(), &writer_, {}));
  }
  void DefineIndex() {
    format::Manifest manifest = core_->manifest();
    manifest.indexes.push_back({.field = "v"});
    ASSERT_OK(core_->Commit(manifest, {}));
    core_->EditView([&](View* view) { view->indexes = manifest.indexes; });
  }
  absl::Status Check(const LoadOptions& options) {
    return CheckLoadOptions(*core_, *core_->Read().view, options);
  }
  size_t NumResident() const {
    size_t count = 0;
    for (const auto& segment : core_->Read().view->segments) count += segment.resident != nullptr;
    return count;
  }

  Writer writer_{core_.get()};
};

TEST_F(LoadRunTest, OptionsAreCheckedByName) {
  EXPECT_EQ(CodeOf(Check({})), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(Check({.fields = {"v"}})), absl::StatusCode::kFailedPrecondition);
  DefineIndex();
  EXPECT_OK(Check({}));
  EXPECT_OK(Check({.fields = {"v"}, .shards = {0, 1}}));
  EXPECT_EQ(CodeOf(Check({.fields = {"w"}})), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(Check({.fields = {"tag"}})), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Check({.shards = {-1}})), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Check({.shards = {2}}).message(), "shards: 2 is none, collection test has 0 to 1");
}

TEST_F(LoadRunTest, LoadsAddUp) {
  const View loaded{.loaded = true, .load = {.fields = {"b"}, .shards = {1}}};
  EXPECT_EQ(AddToLoaded(*core_, {}, {.fields = {"a"}, .shards = {1, 1}}),
            LoadOptions({.fields = {"a"}, .shards = {1}}));
  EXPECT_EQ(AddToLoaded(*core_, loaded, {.mode = LoadMode::kMap, .fields = {"a"}, .shards = {1}}),
            LoadOptions({.mode = LoadMode::kMap, .fields = {"a", "b"}, .shards = {1}}));
  EXPECT_EQ(AddToLoaded(*core_, loaded, {}), LoadOptions());
  EXPECT_EQ(AddToLoaded(*core_, loaded, {.fields = {"b"}, .shards = {0}}),
            LoadOptions({.fields = {"b"}}));  // both shards are all
}

TEST_F(LoadRunTest, ShardsThatAreNotNamedStayOut) {
  DefineIndex();
  LoadTask task({.shards = {1}}, SystemClock(), nullptr);
  ASSERT_OK(RunLoad(core_.get(), &task, {}));
  EXPECT_EQ(NumResident(), 1u);
  EXPECT_TRUE(core_->Read().view->loaded);
  EXPECT_EQ(task.Report(0).segments.size(), 1u);
  LoadTask other({.shards = {0}}, SystemClock(), nullptr);
  ASSERT_OK(RunLoad(core_.get(), &other, {}));
  EXPECT_EQ(NumResident(), 2u);
  EXPECT_EQ(core_->Read().view->load, LoadOptions());
}

TEST_F(LoadRunTest, LoadWaitsWithoutTheGateForNobodyButShowsUnderIt) {
  DefineIndex();
  LoadTask task({}, SystemClock(), nullptr);
  {
    const auto pass = core_->maintenance_gate().Enter({});
    EXPECT_EQ(CodeOf(RunLoad(core_.get(), &task, Context::WithTimeout(absl::Milliseconds(20)))),
              absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(task.loaded().size(), 2u);  // read all the same
    EXPECT_EQ(NumResident(), 0u);
  }
  const auto read = task.loaded().begin()->second.resident;
  ASSERT_OK(RunLoad(core_.get(), &task, {}));
  EXPECT_EQ(FindSegment(*core_->Read().view, task.loaded().begin()->first)->resident, read);
}

TEST_F(LoadRunTest, SegmentThatComesWhileOthersAreReadIsLoadedToo) {
  DefineIndex();
  LoadTask task({}, SystemClock(), nullptr);
  {
    const auto pass = core_->maintenance_gate().Enter({});
    EXPECT_FALSE(RunLoad(core_.get(), &task, Context::WithTimeout(absl::Milliseconds(20))).ok());
  }
  ASSERT_OK(writer_.Insert(Rows(Ids(100, 40)), false, {}, {}));
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  ASSERT_OK(RunLoad(core_.get(), &task, {}));
  EXPECT_EQ(NumResident(), 4u);
}

TEST_F(LoadRunTest, DroppedLoadLeavesNothingReserved) {
  DefineIndex();
  const uint64_t used = budget_.used_bytes();
  LoadTask task({}, SystemClock(), nullptr);
  {
    const auto pass = core_->maintenance_gate().Enter({});
    EXPECT_FALSE(RunLoad(core_.get(), &task, Context::WithTimeout(absl::Milliseconds(20))).ok());
  }
  EXPECT_GT(budget_.used_bytes(), used);
  DropLoaded(*core_, &task.loaded());
  EXPECT_EQ(budget_.used_bytes(), used);
}

}  // namespace
}  // namespace vecdb::engine
