#ifndef VECDB_SEGMENT_ROW_LAYOUT_H_
#define VECDB_SEGMENT_ROW_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vecdb/schema.h"

namespace vecdb::segment {

/// Where the columns of a schema lie within a chunk of growing rows: one array per column, each
/// aligned to 64 bytes. A value; immutable.
///
/// Columns are numbered as the fields of the schema, `$meta` after them when it is enabled.
class RowLayout {
 public:
  explicit RowLayout(const Schema& schema);

  /// Rows of a chunk: what fits in 256 KiB, in sixteens, from 16 to 4096.
  uint32_t chunk_rows() const { return chunk_rows_; }
  uint64_t chunk_bytes() const { return chunk_bytes_; }
  /// Bytes of a row without its strings.
  uint64_t row_bytes() const { return row_bytes_; }

  size_t num_columns() const { return columns_.size(); }
  DataType type(size_t column) const { return columns_[column].type; }
  int32_t dim(size_t column) const { return columns_[column].dim; }
  /// Bytes of one value: numbers and vectors lie as they are, of strings there is a string_view.
  uint64_t width(size_t column) const { return columns_[column].width; }
  /// Where the array of a column begins.
  uint64_t offset(size_t column) const { return columns_[column].offset; }
  /// Where the inverse norms of a vector column begin.
  uint64_t norm_offset(size_t column) const { return columns_[column].norm_offset; }
  uint64_t time_offset() const { return time_offset_; }

 private:
  struct Column {
    DataType type = DataType::kNone;
    int32_t dim = 0;
    uint64_t width = 0;
    uint64_t offset = 0;
    uint64_t norm_offset = 0;
  };

  std::vector<Column> columns_;
  uint64_t row_bytes_ = 0;
  uint32_t chunk_rows_ = 0;
  uint64_t chunk_bytes_ = 0;
  uint64_t time_offset_ = 0;
};

/// True for types whose values are bytes of any length.
constexpr bool IsStringType(DataType type) {
  return type == DataType::kVarChar || type == DataType::kJson;
}

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_ROW_LAYOUT_H_
