#include "filter/combine.h"

#include <map>
#include <string>
#include <utility>

#include "filter/print.h"

namespace vecdb::filter {
namespace {

// The sets of one term.
struct TermSets {
  Term term;
  std::vector<ValueSet> sets;
};

// What is in all sets is what is missing from none: one sort, however many there are.
ValueSet IntersectionOf(std::vector<ValueSet> sets, const Universe& universe) {
  if (sets.size() == 1) return std::move(sets.front());
  for (ValueSet& set : sets) set = Complement(set, universe);
  return Complement(UnionOf(std::move(sets)), universe);
}

// Children of children of the same kind are children.
std::vector<Node> Flatten(Node::Kind kind, std::vector<Node> conditions) {
  std::vector<Node> flat;
  for (Node& condition : conditions) {
    if (condition.kind == kind) {
      for (Node& child : condition.children) flat.push_back(std::move(child));
    } else {
      flat.push_back(std::move(condition));
    }
  }
  return flat;
}

}  // namespace

Node ConstantNode(bool value) {
  Node node;
  node.kind = value ? Node::Kind::kTrue : Node::Kind::kFalse;
  return node;
}

Node SetNode(Term term, ValueSet set) {
  const Universe universe = UniverseOf(term);
  Node node;
  node.set = Normalize(std::move(set), universe);
  if (node.set.is_empty()) return ConstantNode(false);
  if (node.set.is_full(universe) && AlwaysHasResult(term)) return ConstantNode(true);
  node.kind = Node::Kind::kSet;
  node.term = std::move(term);
  return node;
}

Node Combine(Node::Kind kind, std::vector<Node> conditions) {
  const bool is_and = kind == Node::Kind::kAnd;
  const Node::Kind neutral = is_and ? Node::Kind::kTrue : Node::Kind::kFalse;
  const Node::Kind decisive = is_and ? Node::Kind::kFalse : Node::Kind::kTrue;
  std::map<std::string, TermSets> terms;
  std::map<std::string, Node> sorted;
  for (Node& condition : Flatten(kind, std::move(conditions))) {
    if (condition.kind == decisive) return ConstantNode(!is_and);
    if (condition.kind == neutral) continue;
    if (condition.kind != Node::Kind::kSet) {
      sorted.try_emplace(NodeText(condition), std::move(condition));
      continue;
    }
    TermSets& same = terms[TermText(condition.term)];
    same.term = std::move(condition.term);
    same.sets.push_back(std::move(condition.set));
  }
  for (auto& [text, same] : terms) {
    const Universe universe = UniverseOf(same.term);
    ValueSet merged =
        is_and ? IntersectionOf(std::move(same.sets), universe) : UnionOf(std::move(same.sets));
    Node set = SetNode(std::move(same.term), std::move(merged));
    if (set.kind == decisive) return ConstantNode(!is_and);
    if (set.kind != neutral) sorted.try_emplace(NodeText(set), std::move(set));
  }
  Node node;
  node.kind = kind;
  for (auto& [text, child] : sorted) node.children.push_back(std::move(child));
  if (node.children.empty()) return ConstantNode(is_and);
  if (node.children.size() == 1) return Node(std::move(node.children.front()));
  return node;
}

}  // namespace vecdb::filter
