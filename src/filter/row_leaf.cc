#include <utility>

#include "base/status_macros.h"
#include "filter/json_matcher.h"
#include "filter/leaf.h"
#include "filter/row_operand.h"

namespace vecdb::filter {
namespace {

using schema::JsonScalar;

constexpr double kRowCost = 100;
constexpr double kShare = 0.3;

// What has to be the same for all leaves that look at one row at a time.
class RowLeaf : public Leaf {
 public:
  explicit RowLeaf(const Node& node) : negated_(node.negated), term_(node.term) {}

  LeafPlan Plan(const ColumnSource& /*source*/) const override {
    LeafPlan plan;
    plan.selectivity = kShare;
    plan.cost = kRowCost;
    return plan;
  }

  Verdict JudgeBlock(const ColumnSource& /*source*/, const LeafPlan& /*plan*/,
                     uint32_t /*block*/) const override {
    return Verdict::kSome;
  }

  absl::Status Keep(const LeafPlan& /*plan*/, BlockReader& reader, BlockRows* rows) const override {
    RowTerm term(term_);
    VECDB_RETURN_IF_ERROR(term.Read(reader));
    absl::Status status;
    rows->KeepIf([&](size_t row) {
      if (!status.ok()) return false;
      status = reader.Spend(kBytesPerRow + term.BytesAt(row) * CostPerByte());
      if (!status.ok()) return false;
      const RowOperand operand = term.ValueAt(row);
      return !operand.failed && Holds(operand.value) != negated_;
    });
    return status;
  }

 protected:
  // As much work as a row without JSON is.
  static constexpr size_t kBytesPerRow = 16;

  virtual bool Holds(const JsonScalar& value) const = 0;

  // How much work a byte of a value may be.
  virtual size_t CostPerByte() const { return 1; }

  const bool negated_;
  const Term term_;
};

class RowSetLeaf : public RowLeaf {
 public:
  explicit RowSetLeaf(const Node& node) : RowLeaf(node), matcher_(node.set) {}

 private:
  bool Holds(const JsonScalar& value) const override { return matcher_.Contains(value); }

  const JsonMatcher matcher_;
};

class RowLikeLeaf : public RowLeaf {
 public:
  explicit RowLikeLeaf(const Node& node) : RowLeaf(node), pattern_(*node.pattern) {}

 private:
  bool Holds(const JsonScalar& value) const override {
    return value.kind == JsonScalar::Kind::kString && pattern_.Matches(value.text);
  }
  size_t CostPerByte() const override { return pattern_.CostPerByte(); }

  const LikePattern pattern_;
};

class RowCompareLeaf : public RowLeaf {
 public:
  explicit RowCompareLeaf(const Node& node) : RowLeaf(node), op_(node.op), right_(node.right) {}

  absl::Status Keep(const LeafPlan& /*plan*/, BlockReader& reader, BlockRows* rows) const override {
    RowTerm left(term_);
    RowTerm right(right_);
    VECDB_RETURN_IF_ERROR(left.Read(reader));
    VECDB_RETURN_IF_ERROR(right.Read(reader));
    absl::Status status;
    rows->KeepIf([&](size_t row) {
      if (!status.ok()) return false;
      status = reader.Spend(kBytesPerRow + left.BytesAt(row) + right.BytesAt(row));
      const RowOperand a = left.ValueAt(row);
      const RowOperand b = right.ValueAt(row);
      if (a.failed || b.failed) return false;
      return filter::Holds(op_, a.value, b.value) != negated_;
    });
    return status;
  }

 private:
  bool Holds(const JsonScalar& /*value*/) const override { return false; }

  const Operator op_;
  const Term right_;
};

}  // namespace

std::unique_ptr<const Leaf> MakeRowLeaf(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kCompare:
      return std::make_unique<RowCompareLeaf>(node);
    case Node::Kind::kLike:
      return std::make_unique<RowLikeLeaf>(node);
    default:
      return std::make_unique<RowSetLeaf>(node);
  }
}

}  // namespace vecdb::filter
