#ifndef VECDB_FILTER_PROGRAM_H_
#define VECDB_FILTER_PROGRAM_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "filter/leaf.h"
#include "filter/node.h"

namespace vecdb::filter {

/// A condition made ready to be evaluated, once for all segments: its constants as ranges, tables
/// and hash sets, its leaves as objects that look at blocks. Immutable, thread-safe.
class Program {
 public:
  struct Step {
    Node::Kind kind = Node::Kind::kTrue;  // of a leaf, that of its node
    std::unique_ptr<const Leaf> leaf{};   // null for kFalse, kTrue, kAnd and kOr
    std::vector<Step> children{};
  };

  static std::shared_ptr<const Program> Make(const Node& node);

  /// The same for every row, whatever it holds.
  bool NeverMatches() const { return root_.kind == Node::Kind::kFalse; }
  bool AlwaysMatches() const { return root_.kind == Node::Kind::kTrue; }

  /// The numbers of the columns that it reads, in order, none twice; hidden ones aside, as these
  /// depend on the segment.
  const std::vector<size_t>& columns() const { return columns_; }

  const Step& root() const { return root_; }

 private:
  Program() = default;

  Step root_;
  std::vector<size_t> columns_;
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_PROGRAM_H_
