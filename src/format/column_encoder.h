#ifndef VECDB_FORMAT_COLUMN_ENCODER_H_
#define VECDB_FORMAT_COLUMN_ENCODER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_io.h"
#include "format/column_stats.h"
#include "format/distinct_values.h"
#include "schema/column_block.h"
#include "vecdb/schema.h"

namespace vecdb::format {

/// Makes the sections of one column, block by block. Keeps the statistics and, of VarChar, the
/// hashes of the values, 8 bytes for each that is new to its block. Single-threaded.
class ColumnEncoder {
 public:
  explicit ColumnEncoder(DataType type) : type_(type) {}

  /// Encodes the next block, all but the last of kBlockRows rows, none empty: gives the bytes that
  /// follow those of the block before.
  std::string Add(const schema::ColumnBlock& block);

  /// The sections that go with the blocks.
  const std::string& table() const { return table_.str(); }
  std::string Stats() const;

  /// A filter over schema::KeyHash of the strings of a VarChar; empty where the values are so few
  /// that the dictionaries of the blocks say as much.
  std::vector<uint32_t> Bloom() const;

 private:
  uint32_t NumDistinct() const;

  DataType type_;
  uint64_t offset_ = 0;
  base::ByteWriter table_;
  SegmentStats stats_;
  DistinctValues distinct_;
  DistinctEstimate estimate_;
  std::vector<uint64_t> hashes_;
};

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_COLUMN_ENCODER_H_
