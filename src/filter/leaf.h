#ifndef VECDB_FILTER_LEAF_H_
#define VECDB_FILTER_LEAF_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "filter/block_reader.h"
#include "filter/block_rows.h"
#include "filter/column_source.h"
#include "filter/node.h"
#include "filter/statistics.h"

namespace vecdb::filter {

/// How a leaf is to be evaluated in one segment. A value.
struct LeafPlan {
  Verdict verdict = Verdict::kSome;
  double selectivity = 0.5;  ///< an estimate of the share of rows that match
  double cost = 1;           ///< of one row, where a number and a kernel cost 1
  uint64_t num_indexed = 0;  ///< rows that match, when `index` knows them
  const ScalarIndex* index = nullptr;
  std::optional<ShreddedPath> path{};
};

/// A condition without conditions in it, ready to look at blocks of any segment. Immutable,
/// thread-safe.
class Leaf {
 public:
  virtual ~Leaf() = default;

  /// Looks at the statistics and indexes of a segment.
  virtual LeafPlan Plan(const ColumnSource& source) const = 0;

  /// What the statistics of a block say.
  virtual Verdict JudgeBlock(const ColumnSource& source, const LeafPlan& plan,
                             uint32_t block) const = 0;

  /// Keeps of `rows`, some rows of the block that the reader is at, those that match. Errors as
  /// ColumnSource::Read, Cancelled, DeadlineExceeded.
  virtual absl::Status Keep(const LeafPlan& plan, BlockReader& reader, BlockRows* rows) const = 0;

  /// Sets the bits of the rows that match, by LeafPlan::index.
  virtual void MarkByIndex(const LeafPlan& plan, uint64_t* words) const;
};

/// `verdict`, or kNone when the Bloom filter of a column of strings has none of the strings that
/// `set` lists.
Verdict JudgeStrings(const ColumnSource& source, size_t column, const ValueSet& set,
                     Verdict verdict);

/// A typed field against a set, or a string field against a pattern.
std::unique_ptr<const Leaf> MakeFieldLeaf(const Node& node);

/// A value within a Json field against a set or a pattern; whether it is there; what it holds.
std::unique_ptr<const Leaf> MakeJsonLeaf(const Node& node);

/// Arithmetic of numeric fields against a set, or two such terms, a block at a time.
std::unique_ptr<const Leaf> MakeNumericLeaf(const Node& node);

/// Any terms, row by row.
std::unique_ptr<const Leaf> MakeRowLeaf(const Node& node);

/// The leaf of any node that has no children and is neither true nor false.
std::unique_ptr<const Leaf> MakeLeaf(const Node& node);

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_LEAF_H_
