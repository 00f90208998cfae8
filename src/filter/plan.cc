#include "filter/plan.h"

#include <algorithm>
#include <utility>

namespace vecdb::filter {
namespace {

// Beyond one row of so many it is as quick to look at all.
constexpr uint64_t kRowsPerIndexed = 64;

bool IsAnd(const PlanStep& step) { return step.step->kind == Node::Kind::kAnd; }

// What one child alone decides, and with which all must agree for the opposite.
Verdict DecisiveOf(const PlanStep& step) { return IsAnd(step) ? Verdict::kNone : Verdict::kAll; }
Verdict NeutralOf(const PlanStep& step) { return IsAnd(step) ? Verdict::kAll : Verdict::kNone; }

// A child is worth its cost by the share of rows that it decides.
double Rank(const PlanStep& child, bool is_and) {
  constexpr double kLeastShare = 1e-6;
  const double decided = is_and ? 1 - child.selectivity : child.selectivity;
  return child.cost / std::max(decided, kLeastShare);
}

void Combine(PlanStep* plan) {
  const bool is_and = IsAnd(*plan);
  std::stable_sort(
      plan->children.begin(), plan->children.end(),
      [is_and](const PlanStep& a, const PlanStep& b) { return Rank(a, is_and) < Rank(b, is_and); });
  double open = 1;  // the share of rows that no child has decided yet
  for (const PlanStep& child : plan->children) {
    plan->cost += open * child.cost;
    open *= is_and ? child.selectivity : 1 - child.selectivity;
  }
  plan->selectivity = is_and ? open : 1 - open;
}

uint64_t NumIndexed(const PlanStep& step) {
  uint64_t count = step.leaf.num_indexed;
  for (const PlanStep& child : step.children) count += NumIndexed(child);
  return count;
}

bool HasIndexes(const PlanStep& step) {
  if (step.step->leaf != nullptr) return step.leaf.index != nullptr;
  return step.step->kind == Node::Kind::kOr &&
         std::all_of(step.children.begin(), step.children.end(), HasIndexes);
}

}  // namespace

PlanStep MakePlan(const Program::Step& step, const ColumnSource& source) {
  PlanStep plan;
  plan.step = &step;
  if (step.leaf != nullptr) {
    plan.leaf = step.leaf->Plan(source);
    plan.verdict = plan.leaf.verdict;
    plan.selectivity = plan.leaf.selectivity;
    plan.cost = plan.leaf.cost;
    return plan;
  }
  if (step.children.empty()) {
    const bool matches = step.kind == Node::Kind::kTrue;
    plan.verdict = matches ? Verdict::kAll : Verdict::kNone;
    plan.selectivity = matches ? 1 : 0;
    return plan;
  }
  for (const Program::Step& child : step.children) {
    PlanStep planned = MakePlan(child, source);
    if (planned.verdict == NeutralOf(plan)) continue;
    if (planned.verdict == DecisiveOf(plan)) {
      plan.children.clear();
      plan.verdict = planned.verdict;
      plan.selectivity = IsAnd(plan) ? 0 : 1;
      return plan;
    }
    plan.children.push_back(std::move(planned));
  }
  if (plan.children.empty()) plan.verdict = NeutralOf(plan);
  Combine(&plan);
  return plan;
}

Verdict JudgeBlock(const ColumnSource& source, uint32_t block, PlanStep* step) {
  if (step->step->leaf != nullptr) {
    step->block_verdict = step->step->leaf->JudgeBlock(source, step->leaf, block);
    return step->block_verdict;
  }
  bool open = false;
  for (PlanStep& child : step->children) {
    const Verdict verdict = JudgeBlock(source, block, &child);
    if (verdict == DecisiveOf(*step)) return step->block_verdict = verdict;
    open |= verdict == Verdict::kSome;
  }
  return step->block_verdict = open ? Verdict::kSome : NeutralOf(*step);
}

bool IsIndexed(const PlanStep& step, uint32_t num_rows) {
  return HasIndexes(step) && NumIndexed(step) <= num_rows / kRowsPerIndexed;
}

void MarkByIndex(const PlanStep& step, uint64_t* words) {
  if (step.step->leaf != nullptr) step.step->leaf->MarkByIndex(step.leaf, words);
  for (const PlanStep& child : step.children) MarkByIndex(child, words);
}

}  // namespace vecdb::filter
