#include "index/index_state.h"

#include <gtest/gtest.h>

#include <vector>

#include "index/flat_index.h"
#include "support/status_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

TEST(IndexStateTest, CopiedRowsAreTheViews) {
  const std::vector<float> rows = {1, 2, 3, 4};
  MemoryBudget budget;
  IndexState state{.host = {.budget = &budget}, .view = {.num_rows = 2, .dim = 2}};
  ASSERT_OK(CopyRows(rows, {}, &state));
  EXPECT_NE(state.view.rows, rows.data());
  EXPECT_EQ(state.view.row(1)[1], 4);
  EXPECT_GE(budget.used_bytes(), 4 * sizeof(float));
}

TEST(IndexStateTest, CopyingKeepsBudgetAndContext) {
  const std::vector<float> rows(1000);
  MemoryBudget small(100);
  IndexState state{.host = {.budget = &small}, .view = {.num_rows = 500, .dim = 2}};
  EXPECT_EQ(CodeOf(CopyRows(rows, {}, &state)), absl::StatusCode::kResourceExhausted);
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  IndexState other{.view = {.num_rows = 500, .dim = 2}};
  EXPECT_EQ(CodeOf(CopyRows(rows, context, &other)), absl::StatusCode::kCancelled);
}

TEST(IndexStateTest, AnIndexIsPutTogetherAndTakenApart) {
  const std::vector<float> rows = {1, 2, 3, 4};
  auto state = std::make_unique<IndexState>();
  state->view = {.rows = rows.data(), .num_rows = 2, .dim = 2};
  state->index = std::make_unique<FlatIndex>(state->view, IndexSpec{.metric = Metric::kL2});
  const IndexState* const parts = state.get();
  const std::unique_ptr<Index> index = IndexAccess::Make(std::move(state));
  EXPECT_EQ(index->num_rows(), 2U);
  EXPECT_EQ(&IndexAccess::StateOf(*index), parts);
}

}  // namespace
}  // namespace vecdb::index
