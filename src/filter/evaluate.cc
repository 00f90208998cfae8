#include "filter/evaluate.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/status_macros.h"
#include "filter/block_reader.h"
#include "filter/block_rows.h"
#include "filter/plan.h"
#include "simd/select.h"

namespace vecdb::filter {
namespace {

// There may be thousands of leaves: as much work as one is.
constexpr size_t kBytesPerLeaf = size_t{16} << 10;

absl::Status Keep(const PlanStep& plan, BlockReader& reader, BlockRows* rows);

absl::Status KeepAll(const PlanStep& plan, BlockReader& reader, BlockRows* rows) {
  for (const PlanStep& child : plan.children) {
    VECDB_RETURN_IF_ERROR(Keep(child, reader, rows));
    if (rows->empty()) break;
  }
  return absl::OkStatus();
}

absl::Status KeepAny(const PlanStep& plan, BlockReader& reader, BlockRows* rows) {
  BlockRows open = *rows;
  *rows = {};
  for (const PlanStep& child : plan.children) {
    BlockRows matches = open;
    VECDB_RETURN_IF_ERROR(Keep(child, reader, &matches));
    rows->Or(matches);
    open.Remove(matches);
    if (open.empty()) break;
  }
  return absl::OkStatus();
}

absl::Status Keep(const PlanStep& plan, BlockReader& reader, BlockRows* rows) {
  if (plan.block_verdict == Verdict::kNone) *rows = {};
  if (plan.block_verdict != Verdict::kSome) return absl::OkStatus();
  if (plan.step->leaf != nullptr) {
    VECDB_RETURN_IF_ERROR(reader.Spend(kBytesPerLeaf));
    return plan.step->leaf->Keep(plan.leaf, reader, rows);
  }
  return plan.step->kind == Node::Kind::kAnd ? KeepAll(plan, reader, rows)
                                             : KeepAny(plan, reader, rows);
}

class Evaluation {
 public:
  Evaluation(const ColumnSource& source, const Context& context, std::span<uint64_t> words)
      : source_(source), num_rows_(source.num_rows()), words_(words), reader_(source, context) {}

  absl::Status Run(PlanStep plan) {
    std::fill(words_.begin(), words_.end(), 0);
    stats_.estimated_selectivity = plan.selectivity;
    if (plan.verdict == Verdict::kSome) {
      UseIndexes(&plan);
      if (!is_answered_) VECDB_RETURN_IF_ERROR(LookAtBlocks(&plan));
    } else if (plan.verdict == Verdict::kAll) {
      SetAll();
    }
    stats_.blocks_pruned = source_.num_blocks() - stats_.blocks_evaluated;
    stats_.blocks_read = reader_.num_reads();
    stats_.rows_matched = simd::CountBits(words_.data(), words_.size());
    return absl::OkStatus();
  }

  const EvaluationStats& stats() const { return stats_; }

 private:
  void SetAll() {
    for (uint32_t block = 0; block < source_.num_blocks(); ++block) {
      Store(block, BlockRows::First(RowsOf(block)));
    }
  }

  // Sets the bits of the rows that are left to be looked at, and takes what indexes have answered
  // out of the plan.
  void UseIndexes(PlanStep* plan) {
    if (IsIndexed(*plan, num_rows_)) {
      MarkByIndex(*plan, words_.data());
      stats_.used_index = is_answered_ = true;
    } else if (plan->step->kind == Node::Kind::kAnd) {
      std::erase_if(plan->children, [this](const PlanStep& child) {
        if (!IsIndexed(child, num_rows_)) return false;
        Intersect(child);
        return true;
      });
      is_answered_ = plan->children.empty();
    }
  }

  void Intersect(const PlanStep& step) {
    if (!stats_.used_index) {
      MarkByIndex(step, words_.data());
    } else {
      std::vector<uint64_t> marked(words_.size());
      MarkByIndex(step, marked.data());
      for (size_t i = 0; i < marked.size(); ++i) words_[i] &= marked[i];
    }
    stats_.used_index = true;
  }

  absl::Status LookAtBlocks(PlanStep* plan) {
    for (uint32_t block = 0; block < source_.num_blocks(); ++block) {
      BlockRows rows = stats_.used_index ? Load(block) : BlockRows::First(RowsOf(block));
      if (rows.empty()) continue;
      VECDB_RETURN_IF_ERROR(reader_.MoveTo(block));
      const uint64_t reads = reader_.num_reads();
      JudgeBlock(source_, block, plan);
      VECDB_RETURN_IF_ERROR(Keep(*plan, reader_, &rows));
      if (reader_.num_reads() > reads) ++stats_.blocks_evaluated;
      Store(block, rows);
    }
    return absl::OkStatus();
  }

  uint32_t RowsOf(uint32_t block) const {
    return std::min(schema::kBlockRows, num_rows_ - block * schema::kBlockRows);
  }

  std::span<uint64_t> WordsOf(uint32_t block) const {
    const size_t count = (RowsOf(block) + kWordRows - 1) / kWordRows;
    return words_.subspan(block * kBlockWords, count);
  }

  BlockRows Load(uint32_t block) const {
    BlockRows rows;
    std::copy_n(WordsOf(block).begin(), WordsOf(block).size(), rows.words);
    return rows;
  }

  void Store(uint32_t block, const BlockRows& rows) {
    std::copy_n(rows.words, WordsOf(block).size(), WordsOf(block).begin());
  }

  const ColumnSource& source_;
  const uint32_t num_rows_;
  const std::span<uint64_t> words_;
  BlockReader reader_;
  EvaluationStats stats_;
  bool is_answered_ = false;
};

}  // namespace

absl::Status Evaluate(const Program& program, const ColumnSource& source, const Context& context,
                      std::span<uint64_t> words, EvaluationStats* stats) {
  VECDB_RETURN_IF_ERROR(context.Check());
  Evaluation evaluation(source, context, words);
  VECDB_RETURN_IF_ERROR(evaluation.Run(MakePlan(program.root(), source)));
  if (stats != nullptr) *stats = evaluation.stats();
  return absl::OkStatus();
}

double EstimateSelectivity(const Program& program, const ColumnSource& source) {
  return MakePlan(program.root(), source).selectivity;
}

}  // namespace vecdb::filter
