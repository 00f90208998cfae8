#ifndef VECDB_FILTER_COLUMN_SOURCE_H_
#define VECDB_FILTER_COLUMN_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "filter/expr.h"
#include "filter/value_set.h"
#include "schema/column_block.h"
#include "vecdb/context.h"
#include "vecdb/schema.h"

namespace vecdb::filter {

/// What a row has at a path into a Json field that was shredded: the values of the `states` column,
/// an Int8.
enum class PathState : int8_t {
  kMissing = 0,
  kNoScalar = 1,   ///< it is there: null, an object or an array
  kValue = 2,      ///< the value is in the `values` column
  kElsewhere = 3,  ///< a bool, number or string of another kind than the column's: see the text
};

/// Two hidden columns that hold what the rows of a segment have at one path into a Json field.
struct ShreddedPath {
  size_t states = 0;  ///< numbers of columns, for ColumnSource::Read
  size_t values = 0;
  DataType type = DataType::kNone;  ///< of `values`: kBool, kInt64, kDouble or kVarChar
};

/// Finds the rows of a segment by the values of one field, with no look at the rows. Immutable,
/// thread-safe.
class ScalarIndex {
 public:
  virtual ~ScalarIndex() = default;

  /// How many rows have a value in `set`.
  virtual uint64_t Count(const ValueSet& set) const = 0;

  /// Sets the bit of each of them in `words`, a bitmap of all rows.
  virtual void Mark(const ValueSet& set, uint64_t* words) const = 0;
};

/// The scalar columns of one segment, as the evaluation of a filter reads them: in blocks of
/// schema::kBlockRows rows, the last one shorter. Thread-safe.
///
/// Columns are numbered as the fields of the schema, `$meta` after them; hidden ones come as
/// FindPath says.
class ColumnSource {
 public:
  virtual ~ColumnSource() = default;

  virtual uint32_t num_rows() const = 0;

  /// What is known of a column, of the whole segment or of one block; null when nothing is.
  /// Valid as long as the source.
  virtual const schema::ColumnStats* SegmentStats(size_t column) const = 0;
  virtual const schema::ColumnStats* BlockStats(size_t column, uint32_t block) const = 0;

  /// The values of a block. The errors of the store, ResourceExhausted.
  virtual absl::StatusOr<schema::ColumnBlock> Read(size_t column, uint32_t block,
                                                   const Context& context) const = 0;

  /// False when no row has this string: by a Bloom filter, so true says nothing.
  virtual bool MayContain(size_t column, std::string_view text) const = 0;

  /// The columns of a path into a Json field; nullopt when it was not shredded.
  virtual std::optional<ShreddedPath> FindPath(size_t column,
                                               std::span<const PathStep> steps) const = 0;

  /// The index of a field; null when there is none that can be used.
  virtual const ScalarIndex* Index(size_t column) const = 0;

  uint32_t num_blocks() const { return (num_rows() + schema::kBlockRows - 1) / schema::kBlockRows; }
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_COLUMN_SOURCE_H_
