#include "engine/load_manager.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/loader.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class LoadManagerTest : public CoreFixture {
 protected:
  LoadManagerTest() : CoreFixture({.load = LoadPolicy::kManual}) {
    EXPECT_OK(writer_.Insert(Rows(Ids(0, 40)), false, {}, {}));
    EXPECT_OK(Flush(core_.get(), &writer_, {}));
    format::Manifest manifest = core_->manifest();
    manifest.indexes.push_back({.field = "v"});
    EXPECT_OK(core_->Commit(manifest, {}));
    core_->EditView([&](View* view) { view->indexes = manifest.indexes; });
    used_ = budget_.used_bytes();
  }

  Writer writer_{core_.get()};
  uint64_t used_ = 0;
  const std::shared_ptr<LoadManager> loads_ = std::make_shared<LoadManager>(
      core_.get(), [](const Context&) {}, [] {});
};

TEST_F(LoadManagerTest, LoadThatRunsIsJoinedByThoseItCovers) {
  const auto all = loads_->Start({});
  ASSERT_OK(all);
  EXPECT_EQ(*loads_->Start({}), *all);
  EXPECT_EQ(*loads_->Start({.fields = {"v"}}), *all);
  EXPECT_NE(*loads_->Start({.mode = LoadMode::kMap}), *all);
  executor_.RunAll();
  EXPECT_OK(*(*all)->result());
  EXPECT_NE(*loads_->Start({}), *all);  // that one has ended
  loads_->StopAll(absl::CancelledError("end"));
}

TEST_F(LoadManagerTest, StateFollowsTheLoad) {
  EXPECT_EQ(loads_->State(), vecdb::LoadState::kNotLoaded);
  EXPECT_EQ(loads_->Report().state, vecdb::LoadState::kNotLoaded);
  const auto task = loads_->Start({});
  EXPECT_EQ(loads_->State(), vecdb::LoadState::kLoading);
  executor_.RunAll();
  EXPECT_EQ(loads_->State(), vecdb::LoadState::kLoaded);
  EXPECT_EQ(loads_->Report().percent, 100);
  ASSERT_OK(loads_->Release({}));
  EXPECT_EQ(loads_->State(), vecdb::LoadState::kNotLoaded);
  EXPECT_EQ(loads_->Report().percent, 0);
  EXPECT_EQ(budget_.used_bytes(), used_);  // though the task is still held
}

TEST_F(LoadManagerTest, WaiterDoesTheWorkThatNobodyElseDoes) {
  const auto task = loads_->Start({});
  ASSERT_OK(loads_->Wait(*task, {}));
  EXPECT_EQ(loads_->State(), vecdb::LoadState::kLoaded);
  executor_.RunAll();  // finds nothing to do
}

TEST_F(LoadManagerTest, WaiterThatStopsLeavesTheLoadToOthers) {
  const auto task = loads_->Start({});
  const auto pass = core_->maintenance_gate().Enter({});
  EXPECT_EQ(CodeOf(loads_->Wait(*task, Context::WithTimeout(absl::Milliseconds(20)))),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(loads_->State(), vecdb::LoadState::kLoading);
  EXPECT_EQ(executor_.num_tasks(), 2u);  // it was handed on
}

TEST_F(LoadManagerTest, LoadThatOnlyItsCallerWantsEndsWithTheCall) {
  {
    const auto pass = core_->maintenance_gate().Enter({});
    EXPECT_EQ(CodeOf(loads_->Load({}, Context::WithTimeout(absl::Milliseconds(20)))),
              absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_EQ(loads_->State(), vecdb::LoadState::kNotLoaded);
  EXPECT_EQ(budget_.used_bytes(), used_);
  EXPECT_EQ(executor_.num_tasks(), 0u);
}

TEST_F(LoadManagerTest, ReleaseStopsALoad) {
  const auto task = loads_->Start({});
  ASSERT_OK(loads_->Release({}));
  EXPECT_EQ(CodeOf(loads_->Wait(*task, {})), absl::StatusCode::kFailedPrecondition);
  executor_.RunAll();
  EXPECT_EQ(loads_->State(), vecdb::LoadState::kNotLoaded);
}

TEST_F(LoadManagerTest, ClosingEndsALoad) {
  const auto task = loads_->Start({});
  loads_->StopAll(absl::FailedPreconditionError("closed"));
  EXPECT_EQ((*task)->result()->message(), "closed");
}

TEST_F(LoadManagerTest, OptionsAreLookedAtBeforeAnythingBegins) {
  EXPECT_EQ(CodeOf(loads_->Start({.fields = {"w"}})), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(loads_->Load({.shards = {1}}, {})), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(loads_->State(), vecdb::LoadState::kNotLoaded);
}

}  // namespace
}  // namespace vecdb::engine
