#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "filter/json_matcher.h"
#include "filter/leaf.h"
#include "simd/select.h"

namespace vecdb::filter {
namespace {

using schema::ColumnBlock;
using schema::JsonScalar;

constexpr double kTextCost = 200;
constexpr double kShreddedCost = 4;
constexpr size_t kNumStates = 4;

// What a PathState says of a row: that it matches or not, or where to look.
enum class Answer : uint8_t { kNo, kYes, kValues, kText };

Answer AnswerOf(bool holds) { return holds ? Answer::kYes : Answer::kNo; }

class JsonLeaf : public Leaf {
 public:
  LeafPlan Plan(const ColumnSource& source) const override {
    LeafPlan plan;
    plan.selectivity = share_;
    plan.path = source.FindPath(column_, steps_);
    plan.cost = plan.path.has_value() ? kShreddedCost : kTextCost;
    if (!plan.path.has_value()) return plan;
    const schema::ColumnStats* values = source.SegmentStats(plan.path->values);
    plan.verdict = JudgePath(source.SegmentStats(plan.path->states),
                             JudgeValues(source, *plan.path, values, /*whole_segment=*/true));
    plan.selectivity = EstimateValues(plan.path->type, values);
    return plan;
  }

  Verdict JudgeBlock(const ColumnSource& source, const LeafPlan& plan,
                     uint32_t block) const override {
    if (!plan.path.has_value()) return Verdict::kSome;
    const schema::ColumnStats* values = source.BlockStats(plan.path->values, block);
    return JudgePath(source.BlockStats(plan.path->states, block),
                     JudgeValues(source, *plan.path, values, /*whole_segment=*/false));
  }

  absl::Status Keep(const LeafPlan& plan, BlockReader& reader, BlockRows* rows) const override {
    if (!plan.path.has_value()) return KeepByText(reader, rows);
    VECDB_ASSIGN_OR_RETURN(const ColumnBlock* states, reader.Read(plan.path->states));
    BlockRows by_answer[kNumStates] = {};
    for (size_t state = 0; state < kNumStates; ++state) {
      if (answers_[state] == Answer::kNo) continue;
      by_answer[static_cast<size_t>(answers_[state])].Or(RowsOfState(*states, state));
    }
    for (BlockRows& some : by_answer) some.And(*rows);
    *rows = by_answer[static_cast<size_t>(Answer::kYes)];
    BlockRows& valued = by_answer[static_cast<size_t>(Answer::kValues)];
    if (!valued.empty()) {
      VECDB_ASSIGN_OR_RETURN(const ColumnBlock* values, reader.Read(plan.path->values));
      VECDB_RETURN_IF_ERROR(KeepByValue(*values, reader, &valued));
      rows->Or(valued);
    }
    BlockRows& read = by_answer[static_cast<size_t>(Answer::kText)];
    if (!read.empty()) {
      VECDB_RETURN_IF_ERROR(KeepByText(reader, &read));
      rows->Or(read);
    }
    return absl::OkStatus();
  }

 protected:
  // `answers` for each PathState in turn.
  JsonLeaf(const Node& node, std::array<Answer, kNumStates> answers, double share)
      : column_(node.term.column),
        steps_(node.term.steps),
        answers_(answers),
        share_(node.negated ? 1 - share : share) {}

  virtual bool Holds(const JsonScalar& value) const = 0;

  // How much work a byte of the text may be.
  virtual size_t CostPerByte() const { return 1; }

  // Of the values of a shredded path.
  virtual absl::Status KeepByValue(const ColumnBlock& /*values*/, BlockReader& /*reader*/,
                                   BlockRows* /*rows*/) const {
    return absl::OkStatus();
  }
  virtual Verdict JudgeValues(const ColumnSource& /*source*/, const ShreddedPath& /*path*/,
                              const schema::ColumnStats* /*stats*/, bool /*whole_segment*/) const {
    return Verdict::kSome;
  }
  virtual double EstimateValues(DataType /*type*/, const schema::ColumnStats* /*stats*/) const {
    return share_;
  }

 private:
  static BlockRows RowsOfState(const ColumnBlock& states, size_t state) {
    const auto wanted = static_cast<int8_t>(state);
    const int8_t* values = states.as<int8_t>().data();
    if (states.constant) {
      return values[0] == wanted ? BlockRows::First(states.num_rows) : BlockRows();
    }
    BlockRows rows;
    simd::InRange(values, states.num_rows, wanted, wanted, rows.words);
    return rows;
  }

  Verdict JudgePath(const schema::ColumnStats* states, Verdict values) const {
    if (states == nullptr || !states->has_bounds) return Verdict::kSome;
    bool none = true;
    bool all = true;
    for (size_t state = 0; state < kNumStates; ++state) {
      const auto number = static_cast<int64_t>(state);
      if (number < states->min_integer || number > states->max_integer) continue;
      const Answer answer = answers_[state];
      const bool by_value = answer == Answer::kValues;
      none &= answer == Answer::kNo || (by_value && values == Verdict::kNone);
      all &= answer == Answer::kYes || (by_value && values == Verdict::kAll);
    }
    if (none == all) return Verdict::kSome;
    return none ? Verdict::kNone : Verdict::kAll;
  }

  absl::Status KeepByText(BlockReader& reader, BlockRows* rows) const {
    VECDB_ASSIGN_OR_RETURN(const ColumnBlock* texts, reader.Read(column_));
    absl::Status status;
    std::string buffer;
    rows->KeepIf([&](size_t row) {
      if (!status.ok()) return false;
      const std::string_view text = texts->string(row);
      status = reader.Spend(text.size() * CostPerByte());
      return status.ok() && Holds(schema::FindInJson(text, steps_, &buffer));
    });
    return status;
  }

  const size_t column_;
  const std::vector<PathStep> steps_;
  const std::array<Answer, kNumStates> answers_;
  const double share_;
};

class JsonSetLeaf : public JsonLeaf {
 public:
  explicit JsonSetLeaf(const Node& node)
      : JsonLeaf(
            node,
            {AnswerOf(node.set.other), AnswerOf(node.set.other), Answer::kValues, Answer::kText},
            node.set.other ? 0.9 : 0.1),
        set_(node.set),
        matcher_(set_) {}

 private:
  bool Holds(const JsonScalar& value) const override { return matcher_.Contains(value); }

  absl::Status KeepByValue(const ColumnBlock& values, BlockReader& reader,
                           BlockRows* rows) const override {
    return matcher_.Keep(values, reader, rows);
  }

  Verdict JudgeValues(const ColumnSource& source, const ShreddedPath& path,
                      const schema::ColumnStats* stats, bool whole_segment) const override {
    const Verdict verdict = Judge(set_, path.type, stats);
    if (!whole_segment || path.type != DataType::kVarChar) return verdict;
    return JudgeStrings(source, path.values, set_, verdict);
  }

  double EstimateValues(DataType type, const schema::ColumnStats* stats) const override {
    return EstimateShare(set_, type, stats);
  }

  const ValueSet set_;
  const JsonMatcher matcher_;
};

class JsonLikeLeaf : public JsonLeaf {
 public:
  explicit JsonLikeLeaf(const Node& node)
      : JsonLeaf(node,
                 {AnswerOf(node.negated), AnswerOf(node.negated), Answer::kValues, Answer::kText},
                 0.1),
        negated_(node.negated),
        matcher_(*node.pattern, node.negated) {}

 private:
  bool Holds(const JsonScalar& value) const override {
    return value.kind == JsonScalar::Kind::kString ? matcher_.Contains(value.text) : negated_;
  }
  size_t CostPerByte() const override { return matcher_.CostPerByte(); }

  absl::Status KeepByValue(const ColumnBlock& values, BlockReader& reader,
                           BlockRows* rows) const override {
    if (values.type == DataType::kVarChar) return matcher_.Keep(values, reader, rows);
    if (!negated_) *rows = {};
    return absl::OkStatus();
  }

  const bool negated_;
  const StringMatcher matcher_;
};

class ExistsLeaf : public JsonLeaf {
 public:
  explicit ExistsLeaf(const Node& node)
      : JsonLeaf(node,
                 {AnswerOf(node.negated), AnswerOf(!node.negated), AnswerOf(!node.negated),
                  AnswerOf(!node.negated)},
                 0.5),
        negated_(node.negated) {}

 private:
  bool Holds(const JsonScalar& value) const override {
    return (value.kind != JsonScalar::Kind::kMissing) != negated_;
  }

  const bool negated_;
};

// What is no array holds nothing.
class ContainsLeaf : public JsonLeaf {
 public:
  explicit ContainsLeaf(const Node& node)
      : JsonLeaf(
            node,
            {AnswerOf(node.negated), Answer::kText, AnswerOf(node.negated), AnswerOf(node.negated)},
            0.1),
        negated_(node.negated),
        matcher_(node.quantifier, node.value) {}

 private:
  bool Holds(const JsonScalar& value) const override {
    const bool holds = value.kind == JsonScalar::Kind::kArray && matcher_.Contains(value.raw);
    return holds != negated_;
  }
  size_t CostPerByte() const override { return matcher_.CostPerByte(); }

  const bool negated_;
  const ArrayMatcher matcher_;
};

}  // namespace

std::unique_ptr<const Leaf> MakeJsonLeaf(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kLike:
      return std::make_unique<JsonLikeLeaf>(node);
    case Node::Kind::kExists:
      return std::make_unique<ExistsLeaf>(node);
    case Node::Kind::kContains:
      return std::make_unique<ContainsLeaf>(node);
    default:
      return std::make_unique<JsonSetLeaf>(node);
  }
}

}  // namespace vecdb::filter
