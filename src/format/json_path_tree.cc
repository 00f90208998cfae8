#include "format/json_path_tree.h"

#include <algorithm>

#include "schema/json_scan.h"

namespace vecdb::format {

std::vector<std::string> JsonPathTree::PathOf(uint32_t node) const {
  std::vector<std::string> path;
  for (; node != kRoot; node = nodes_[node].parent) path.push_back(nodes_[node].key);
  std::reverse(path.begin(), path.end());
  return path;
}

uint32_t JsonPathTree::AddChild(uint32_t parent, std::string_view key) {
  const auto node = static_cast<uint32_t>(nodes_.size());
  const uint32_t depth = nodes_[parent].depth + 1;
  nodes_.push_back({.key = std::string(key), .parent = parent, .depth = depth});
  nodes_[parent].children.emplace(key, node);
  return node;
}

uint32_t JsonPathTree::Add(std::span<const std::string> path) {
  uint32_t node = kRoot;
  for (const std::string& key : path) {
    const auto found = nodes_[node].children.find(key);
    node = found != nodes_[node].children.end() ? found->second : AddChild(node, key);
  }
  return node;
}

void JsonPathTree::Read(std::string_view json, size_t max_nodes) {
  for (const uint32_t node : touched_) {
    nodes_[node].raw = {};
    nodes_[node].touched = false;
  }
  touched_.clear();
  ReadObject(json, kRoot, max_nodes);
}

void JsonPathTree::ReadObject(std::string_view object, uint32_t node, size_t max_nodes) {
  schema::ForEachMember(object, [&](std::string_view key, std::string_view value) {
    ReadMember(key, value, node, max_nodes);
    return true;
  });
}

void JsonPathTree::ReadMember(std::string_view key, std::string_view value, uint32_t node,
                              size_t max_nodes) {
  uint32_t child = kRoot;
  if (const auto found = nodes_[node].children.find(key); found != nodes_[node].children.end()) {
    child = found->second;
  } else if (nodes_.size() < max_nodes && key.size() <= kMaxPathKeyBytes) {
    child = AddChild(node, key);
  } else {
    return;
  }
  if (!nodes_[child].raw.empty()) Forget(child);
  nodes_[child].raw = value;
  if (!nodes_[child].touched) touched_.push_back(child);
  nodes_[child].touched = true;
  const bool goes_on = !nodes_[child].children.empty() || nodes_.size() < max_nodes;
  if (goes_on && nodes_[child].depth < kMaxPathKeys) ReadObject(value, child, max_nodes);
}

void JsonPathTree::Forget(uint32_t node) {
  nodes_[node].raw = {};
  for (const auto& [key, child] : nodes_[node].children) Forget(child);
}

}  // namespace vecdb::format
