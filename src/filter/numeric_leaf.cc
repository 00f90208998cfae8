#include <cstddef>
#include <utility>

#include "base/status_macros.h"
#include "filter/leaf.h"
#include "filter/number_matcher.h"
#include "filter/numeric_block.h"

namespace vecdb::filter {
namespace {

constexpr double kOperandCost = 3;
constexpr double kDivisionCost = 10;
constexpr double kPowerCost = 50;

double CostOf(const Term& term) {
  double cost = kOperandCost;
  if (term.kind == Term::Kind::kArithmetic) {
    if (term.op == Operator::kDivide || term.op == Operator::kModulo) cost = kDivisionCost;
    if (term.op == Operator::kPower) cost = kPowerCost;
  }
  for (const Term& operand : term.operands) cost += CostOf(operand);
  return cost;
}

class NumericSetLeaf : public Leaf {
 public:
  explicit NumericSetLeaf(const Node& node)
      : term_(node.term),
        share_(EstimateShare(node.set, DataType::kDouble, nullptr)),
        integers_(RangesOf<int64_t>(node.set.numbers)),
        reals_(RangesOf<double>(node.set.numbers)) {}

  LeafPlan Plan(const ColumnSource& /*source*/) const override {
    LeafPlan plan;
    plan.selectivity = share_;
    plan.cost = CostOf(term_);
    return plan;
  }

  Verdict JudgeBlock(const ColumnSource& /*source*/, const LeafPlan& /*plan*/,
                     uint32_t /*block*/) const override {
    return Verdict::kSome;
  }

  absl::Status Keep(const LeafPlan& /*plan*/, BlockReader& reader, BlockRows* rows) const override {
    VECDB_ASSIGN_OR_RETURN(const NumericBlock values, ComputeTerm(term_, reader, rows));
    if (values.is_real) {
      reals_.Keep(values.reals.data(), reader.num_rows(), rows);
    } else {
      integers_.Keep(values.integers.data(), reader.num_rows(), rows);
    }
    return absl::OkStatus();
  }

 private:
  const Term term_;
  const double share_;
  const NumberMatcher<int64_t> integers_;
  const NumberMatcher<double> reals_;
};

class NumericCompareLeaf : public Leaf {
 public:
  explicit NumericCompareLeaf(const Node& node)
      : left_(node.term),
        op_(node.op),
        right_(node.right),
        both_fields_(left_.kind == Term::Kind::kField && right_.kind == Term::Kind::kField) {}

  LeafPlan Plan(const ColumnSource& source) const override {
    constexpr double kShares[] = {0.1, 0.9, 0.5, 0.5};  // of == != < <=
    LeafPlan plan;
    if (both_fields_) {
      plan.verdict =
          JudgeOrder(source.SegmentStats(left_.column), source.SegmentStats(right_.column));
    }
    plan.selectivity = kShares[static_cast<size_t>(op_) - static_cast<size_t>(Operator::kEqual)];
    plan.cost = CostOf(left_) + CostOf(right_);
    return plan;
  }

  Verdict JudgeBlock(const ColumnSource& source, const LeafPlan& /*plan*/,
                     uint32_t block) const override {
    if (!both_fields_) return Verdict::kSome;
    return JudgeOrder(source.BlockStats(left_.column, block),
                      source.BlockStats(right_.column, block));
  }

  absl::Status Keep(const LeafPlan& /*plan*/, BlockReader& reader, BlockRows* rows) const override {
    VECDB_ASSIGN_OR_RETURN(const NumericBlock left, ComputeTerm(left_, reader, rows));
    VECDB_ASSIGN_OR_RETURN(const NumericBlock right, ComputeTerm(right_, reader, rows));
    KeepWhere(left, op_, right, rows);
    return absl::OkStatus();
  }

 private:
  Verdict JudgeOrder(const schema::ColumnStats* left, const schema::ColumnStats* right) const {
    const auto a = BoundsOf(left_.type, left);
    const auto b = BoundsOf(right_.type, right);
    if (!a.has_value() || !b.has_value()) return Verdict::kSome;
    const bool below = a->second < b->first;
    const bool above = b->second < a->first;
    if (below) return op_ == Operator::kEqual ? Verdict::kNone : Verdict::kAll;
    if (above) return op_ == Operator::kNotEqual ? Verdict::kAll : Verdict::kNone;
    return Verdict::kSome;
  }

  const Term left_;
  const Operator op_;
  const Term right_;
  const bool both_fields_;
};

}  // namespace

std::unique_ptr<const Leaf> MakeNumericLeaf(const Node& node) {
  if (node.kind == Node::Kind::kCompare) return std::make_unique<NumericCompareLeaf>(node);
  return std::make_unique<NumericSetLeaf>(node);
}

}  // namespace vecdb::filter
