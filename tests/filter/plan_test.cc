#include "filter/plan.h"

#include <gtest/gtest.h>

#include "filter/evaluate_testing.h"

namespace vecdb::filter {
namespace {

class PlanTest : public testing::Test {
 protected:
  PlanStep PlanOf(const std::string& text) {
    program_ = ProgramOf(text);
    return MakePlan(program_->root(), source_);
  }

  std::shared_ptr<const Program> program_;
  const MemorySource source_{
      naive::RandomFilterSchema(), NumberedRows(8192), {.statistics = true, .indexes = true}, 1};
};

TEST_F(PlanTest, CheapAndSelectiveConditionsComeFirst) {
  const PlanStep plan = PlanOf("exists x and i8 + 1 > i64 and i64 < 4000");
  ASSERT_EQ(plan.children.size(), 3u);
  EXPECT_EQ(plan.children[0].cost, 1);
  EXPECT_LT(plan.children[1].cost, plan.children[2].cost);
  const PlanStep any = PlanOf("exists x or i8 + 1 > i64 or i64 < 4000");
  ASSERT_EQ(any.children.size(), 3u);
  EXPECT_EQ(any.children[0].cost, 1);
  // Only rows that the first leaves open cost the second.
  EXPECT_LT(plan.cost, plan.children[0].cost + plan.children[1].cost + plan.children[2].cost);
}

TEST_F(PlanTest, SharesOfChildrenCombineToThatOfTheWhole) {
  const PlanStep both = PlanOf("i64 < 2048 and exists x");
  EXPECT_NEAR(both.selectivity, 0.25 * 0.5, 0.01);
  const PlanStep either = PlanOf("i64 < 2048 or exists x");
  EXPECT_NEAR(either.selectivity, 1 - 0.75 * 0.5, 0.01);
}

TEST_F(PlanTest, WhatStatisticsDecideIsLeftOut) {
  EXPECT_EQ(PlanOf("i64 < 0 and exists x").verdict, Verdict::kNone);
  EXPECT_EQ(PlanOf("i64 >= 0 or exists x").verdict, Verdict::kAll);
  EXPECT_EQ(PlanOf("i64 >= 0 and exists x").children.size(), 1u);
  EXPECT_EQ(PlanOf("i64 < 0 or exists x").children.size(), 1u);
  EXPECT_EQ(PlanOf("i64 < 0 or i8 < -128").verdict, Verdict::kNone);
  EXPECT_EQ(PlanOf("1 < 2").verdict, Verdict::kAll);
  EXPECT_EQ(PlanOf("1 > 2").verdict, Verdict::kNone);
}

TEST_F(PlanTest, BlocksAreJudgedByTheirOwnStatistics) {
  PlanStep plan = PlanOf("i64 < 4096 and exists x");
  EXPECT_EQ(JudgeBlock(source_, 0, &plan), Verdict::kSome);
  EXPECT_EQ(JudgeBlock(source_, 1, &plan), Verdict::kNone);
  plan = PlanOf("i64 < 4096 or exists x");
  EXPECT_EQ(JudgeBlock(source_, 0, &plan), Verdict::kAll);
  EXPECT_EQ(JudgeBlock(source_, 1, &plan), Verdict::kSome);
}

TEST_F(PlanTest, AnIndexAnswersForASmallShareOfTheRows) {
  EXPECT_TRUE(IsIndexed(PlanOf("i64 < 128"), 8192));
  EXPECT_FALSE(IsIndexed(PlanOf("i64 < 129"), 8192));
  EXPECT_TRUE(IsIndexed(PlanOf("i64 < 128 or d == 12345.5"), 8192) ||
              PlanOf("i64 < 128 or d == 12345.5").children.size() == 1);
  EXPECT_FALSE(IsIndexed(PlanOf("i64 < 128 or exists x"), 8192));
  EXPECT_FALSE(IsIndexed(PlanOf("i64 < 128 and exists x"), 8192));
  std::vector<uint64_t> words(128);
  MarkByIndex(PlanOf("i64 in [3, 64]"), words.data());
  EXPECT_EQ(words[0], 8u);
  EXPECT_EQ(words[1], 1u);
}

}  // namespace
}  // namespace vecdb::filter
