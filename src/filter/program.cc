#include "filter/program.h"

#include <set>

namespace vecdb::filter {
namespace {

bool IsLeaf(Node::Kind kind) {
  return kind != Node::Kind::kFalse && kind != Node::Kind::kTrue && kind != Node::Kind::kAnd &&
         kind != Node::Kind::kOr;
}

Program::Step StepOf(const Node& node) {
  Program::Step step;
  step.kind = node.kind;
  if (IsLeaf(node.kind)) step.leaf = MakeLeaf(node);
  for (const Node& child : node.children) step.children.push_back(StepOf(child));
  return step;
}

void CollectColumns(const Term& term, std::set<size_t>* columns) {
  if (term.kind == Term::Kind::kField || term.kind == Term::Kind::kJson) {
    columns->insert(term.column);
  }
  for (const Term& operand : term.operands) CollectColumns(operand, columns);
}

void CollectColumns(const Node& node, std::set<size_t>* columns) {
  if (IsLeaf(node.kind)) CollectColumns(node.term, columns);
  if (node.kind == Node::Kind::kCompare) CollectColumns(node.right, columns);
  for (const Node& child : node.children) CollectColumns(child, columns);
}

}  // namespace

std::shared_ptr<const Program> Program::Make(const Node& node) {
  std::shared_ptr<Program> program(new Program());
  program->root_ = StepOf(node);
  std::set<size_t> columns;
  CollectColumns(node, &columns);
  program->columns_.assign(columns.begin(), columns.end());
  return program;
}

}  // namespace vecdb::filter
