#include "index/walk_scratch.h"

#include <gtest/gtest.h>

#include "support/status_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

TEST(WalkScratchTest, MarksOfAnEarlierWalkAreNeverSeen) {
  auto marks = VisitedMarks::Make(10, {});
  ASSERT_OK(marks);
  for (int walk = 0; walk < 1000; ++walk) {
    marks->Clear();
    for (int node = 0; node < 10; ++node) EXPECT_NE(marks->data()[node], marks->walk());
    marks->data()[walk % 10] = marks->walk();
  }
}

TEST(WalkScratchTest, ScratchIsLentAgain) {
  WalkScratchPool pool(10, {});
  const WalkScratch* first = nullptr;
  {
    auto loan = pool.Borrow();
    ASSERT_OK(loan);
    first = loan->get();
    auto other = pool.Borrow();
    ASSERT_OK(other);
    EXPECT_NE(other->get(), first);
  }
  auto one = pool.Borrow();
  auto two = pool.Borrow();
  ASSERT_OK(one);
  ASSERT_OK(two);
  EXPECT_TRUE(one->get() == first || two->get() == first);
}

TEST(WalkScratchTest, CountsAgainstTheBudget) {
  MemoryBudget budget(15);
  WalkScratchPool pool(10, {.budget = &budget});
  auto loan = pool.Borrow();
  ASSERT_OK(loan);
  EXPECT_EQ(CodeOf(pool.Borrow()), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace vecdb::index
