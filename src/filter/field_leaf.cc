#include <utility>

#include "base/status_macros.h"
#include "filter/column_matcher.h"
#include "filter/leaf.h"

namespace vecdb::filter {
namespace {

constexpr double kPatternShare = 0.1;

// Of one value. Few different strings may lie in dictionaries.
double CostOf(DataType type, const schema::ColumnStats* stats) {
  if (type != DataType::kVarChar) return 1;
  const bool few = stats != nullptr && stats->distinct > 0 && stats->distinct < stats->num_rows / 4;
  return few ? 2 : 10;
}

class FieldSetLeaf : public Leaf {
 public:
  explicit FieldSetLeaf(const Node& node)
      : column_(node.term.column), type_(node.term.type), set_(node.set), matcher_(set_, type_) {}

  LeafPlan Plan(const ColumnSource& source) const override {
    const schema::ColumnStats* stats = source.SegmentStats(column_);
    LeafPlan plan;
    plan.verdict = JudgeStrings(source, column_, set_, Judge(set_, type_, stats));
    plan.selectivity = EstimateShare(set_, type_, stats);
    plan.cost = CostOf(type_, stats);
    if (plan.verdict != Verdict::kSome) return plan;
    plan.index = source.Index(column_);
    if (plan.index == nullptr || source.num_rows() == 0) return plan;
    plan.num_indexed = plan.index->Count(set_);
    plan.selectivity =
        static_cast<double>(plan.num_indexed) / static_cast<double>(source.num_rows());
    if (plan.num_indexed == 0) plan.verdict = Verdict::kNone;
    if (plan.num_indexed == source.num_rows()) plan.verdict = Verdict::kAll;
    return plan;
  }

  Verdict JudgeBlock(const ColumnSource& source, const LeafPlan& /*plan*/,
                     uint32_t block) const override {
    return Judge(set_, type_, source.BlockStats(column_, block));
  }

  absl::Status Keep(const LeafPlan& /*plan*/, BlockReader& reader, BlockRows* rows) const override {
    VECDB_ASSIGN_OR_RETURN(const schema::ColumnBlock* block, reader.Read(column_));
    return matcher_.Keep(*block, reader, rows);
  }

  void MarkByIndex(const LeafPlan& plan, uint64_t* words) const override {
    plan.index->Mark(set_, words);
  }

 private:
  const size_t column_;
  const DataType type_;
  const ValueSet set_;
  const ColumnMatcher matcher_;
};

class FieldLikeLeaf : public Leaf {
 public:
  explicit FieldLikeLeaf(const Node& node)
      : column_(node.term.column),
        share_(node.negated ? 1 - kPatternShare : kPatternShare),
        matcher_(*node.pattern, node.negated) {}

  LeafPlan Plan(const ColumnSource& source) const override {
    LeafPlan plan;
    plan.selectivity = share_;
    plan.cost = 2 * CostOf(DataType::kVarChar, source.SegmentStats(column_));
    return plan;
  }

  Verdict JudgeBlock(const ColumnSource& /*source*/, const LeafPlan& /*plan*/,
                     uint32_t /*block*/) const override {
    return Verdict::kSome;
  }

  absl::Status Keep(const LeafPlan& /*plan*/, BlockReader& reader, BlockRows* rows) const override {
    VECDB_ASSIGN_OR_RETURN(const schema::ColumnBlock* block, reader.Read(column_));
    return matcher_.Keep(*block, reader, rows);
  }

 private:
  const size_t column_;
  const double share_;
  const StringMatcher matcher_;
};

}  // namespace

std::unique_ptr<const Leaf> MakeFieldLeaf(const Node& node) {
  if (node.kind == Node::Kind::kLike) return std::make_unique<FieldLikeLeaf>(node);
  return std::make_unique<FieldSetLeaf>(node);
}

}  // namespace vecdb::filter
