#ifndef VECDB_FILTER_PLAN_H_
#define VECDB_FILTER_PLAN_H_

#include <cstdint>
#include <vector>

#include "filter/column_source.h"
#include "filter/leaf.h"
#include "filter/program.h"
#include "filter/statistics.h"

namespace vecdb::filter {

/// How a step of a program is to be evaluated in one segment. Borrows the program.
struct PlanStep {
  const Program::Step* step = nullptr;
  LeafPlan leaf{};  ///< of a leaf
  Verdict verdict = Verdict::kSome;
  Verdict block_verdict = Verdict::kSome;  ///< of the block last given to JudgeBlock
  double selectivity = 1;
  double cost = 0;  ///< of one row, if all have to be looked at
  /// Those that the statistics of the segment leave open, the ones that decide most rows at the
  /// least cost first.
  std::vector<PlanStep> children{};
};

PlanStep MakePlan(const Program::Step& step, const ColumnSource& source);

/// What the statistics of a block say of the step. Notes it with the step and all below.
Verdict JudgeBlock(const ColumnSource& source, uint32_t block, PlanStep* step);

/// Whether indexes know the rows that match, and that these are few.
bool IsIndexed(const PlanStep& step, uint32_t num_rows);

/// Sets the bits of the rows that match such a step.
void MarkByIndex(const PlanStep& step, uint64_t* words);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_PLAN_H_
