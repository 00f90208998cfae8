#include "filter/leaf.h"

#include <algorithm>

#include "filter/numeric_block.h"

namespace vecdb::filter {

namespace {

constexpr size_t kMaxBloomLookups = 64;

}  // namespace

Verdict JudgeStrings(const ColumnSource& source, size_t column, const ValueSet& set,
                     Verdict verdict) {
  const auto& points = set.strings.intervals();
  if (verdict != Verdict::kSome || !set.strings.is_points() || points.size() > kMaxBloomLookups) {
    return verdict;
  }
  const bool may_match = std::any_of(points.begin(), points.end(), [&](const auto& point) {
    return source.MayContain(column, *point.low);
  });
  return may_match ? Verdict::kSome : Verdict::kNone;
}

void Leaf::MarkByIndex(const LeafPlan& /*plan*/, uint64_t* /*words*/) const {}

std::unique_ptr<const Leaf> MakeLeaf(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kExists:
    case Node::Kind::kContains:
      return MakeJsonLeaf(node);
    case Node::Kind::kCompare:
      return IsNumeric(node.term) && IsNumeric(node.right) ? MakeNumericLeaf(node)
                                                           : MakeRowLeaf(node);
    default:
      break;
  }
  if (node.term.kind == Term::Kind::kField) return MakeFieldLeaf(node);
  if (node.term.kind == Term::Kind::kJson) return MakeJsonLeaf(node);
  const bool numeric = node.kind == Node::Kind::kSet && IsNumeric(node.term);
  return numeric ? MakeNumericLeaf(node) : MakeRowLeaf(node);
}

}  // namespace vecdb::filter
