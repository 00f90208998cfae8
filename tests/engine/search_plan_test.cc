#include "engine/search_plan.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;

// What makes a plan fail is tried through the API, in tests/api/bad_input_test.cc.
class SearchPlanTest : public CoreFixture {
 protected:
  SearchPlanTest() {
    core_->EditView([](View* view) {
      view->indexes = {{.field = "v", .spec = support::Hnsw(Metric::kCosine)}};
      view->loaded = true;
    });
    snapshot_ = core_->Read();
  }

  const std::vector<float> query_ = {1, 2, 3, 4};
  Snapshot snapshot_;
};

TEST_F(SearchPlanTest, TakesFieldMetricAndKeyByThemselves) {
  const auto plan = PlanSearch(*core_, snapshot_, {.vectors = query_, .limit = 7, .offset = 3});
  ASSERT_OK(plan);
  EXPECT_EQ(plan->column, 2u);
  EXPECT_EQ(plan->metric, Metric::kCosine);
  EXPECT_EQ(plan->limit, 7u);
  EXPECT_EQ(plan->offset, 3u);
  EXPECT_EQ(plan->as_of, snapshot_.as_of);
  EXPECT_EQ(plan->output_columns, std::vector<size_t>{0});
}

TEST_F(SearchPlanTest, OutputFieldsComeOnceAndAfterTheKey) {
  const auto plan = PlanSearch(*core_, snapshot_,
                               {.vectors = query_, .output_fields = {"v", "tag", "id", "tag"}});
  ASSERT_OK(plan);
  EXPECT_EQ(plan->output_columns, (std::vector<size_t>{0, 2, 1}));
}

TEST_F(SearchPlanTest, CeilingIsTheOneOfTheDatabase) {
  EXPECT_OK(PlanSearch(*core_, snapshot_, {.vectors = query_, .limit = 100}));
  EXPECT_EQ(CodeOf(PlanSearch(*core_, snapshot_, {.vectors = query_, .limit = 101})),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(SearchPlanTest, LooksAtTheSnapshotNotAtTheCollection) {
  core_->EditView([](View* view) { view->loaded = false; });
  EXPECT_OK(PlanSearch(*core_, snapshot_, {.vectors = query_}));
  EXPECT_EQ(CodeOf(PlanSearch(*core_, core_->Read(), {.vectors = query_})),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace vecdb::engine
