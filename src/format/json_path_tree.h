#ifndef VECDB_FORMAT_JSON_PATH_TREE_H_
#define VECDB_FORMAT_JSON_PATH_TREE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vecdb::format {

/// Most keys of a path, and bytes of a key, that a tree takes in.
inline constexpr size_t kMaxPathKeys = 4;
inline constexpr size_t kMaxPathKeyBytes = 1024;

/// Paths into JSON objects, and what one document after another has at each of them. A node is a
/// path: that of its parent and one key. Single-threaded.
class JsonPathTree {
 public:
  static constexpr uint32_t kRoot = 0;

  JsonPathTree() : nodes_(1) {}

  size_t size() const { return nodes_.size(); }
  std::vector<std::string> PathOf(uint32_t node) const;

  /// The node of a path, made when there is none.
  uint32_t Add(std::span<const std::string> path);

  /// Looks through a document that CheckJsonValue has accepted, and which has to stay. Of a key
  /// that comes twice the last one counts. Paths that are new get a node as long as there are fewer
  /// than `max_nodes`.
  void Read(std::string_view json, size_t max_nodes = 0);

  /// The nodes that the document has something at, perhaps others too; the root is none.
  std::span<const uint32_t> touched() const { return touched_; }
  /// What the document has at a node, raw; "" for nothing.
  std::string_view raw(uint32_t node) const { return nodes_[node].raw; }

 private:
  struct Node {
    std::string key{};
    uint32_t parent = kRoot;
    uint32_t depth = 0;
    std::map<std::string, uint32_t, std::less<>> children{};
    std::string_view raw{};
    bool touched = false;
  };

  uint32_t AddChild(uint32_t parent, std::string_view key);
  void ReadObject(std::string_view object, uint32_t node, size_t max_nodes);
  void ReadMember(std::string_view key, std::string_view value, uint32_t node, size_t max_nodes);
  void Forget(uint32_t node);

  std::vector<Node> nodes_;
  std::vector<uint32_t> touched_;
};

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_JSON_PATH_TREE_H_
