#ifndef VECDB_FORMAT_BLOCK_ENCODER_H_
#define VECDB_FORMAT_BLOCK_ENCODER_H_

#include <string>

#include "format/block_table.h"
#include "format/distinct_values.h"
#include "schema/column_block.h"

namespace vecdb::format {

/// A block as it is written. `entry` lacks the offset.
struct EncodedBlock {
  BlockEntry entry;
  std::string bytes;
};

/// Writes `block` in the encoding that takes the fewest bytes, and that as a zstd frame if it saves
/// an eighth. `distinct` has found the values of this block.
EncodedBlock EncodeBlock(const schema::ColumnBlock& block, const DistinctValues& distinct);

/// The same in a certain encoding, without zstd; for tests. The encoding has to be possible:
/// constant for one distinct value, packed not for Float and Double.
EncodedBlock EncodeBlockAs(BlockEncoding encoding, const schema::ColumnBlock& block,
                           const DistinctValues& distinct);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_BLOCK_ENCODER_H_
