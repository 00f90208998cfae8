#ifndef VECDB_FORMAT_BLOCK_TABLE_H_
#define VECDB_FORMAT_BLOCK_TABLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/byte_io.h"
#include "format/section_file.h"

namespace vecdb::format {

/// How the rows of a block are written. The numbers are those of the files.
enum class BlockEncoding : uint32_t {
  kPlain = 1,       ///< as they lie in memory
  kConstant = 2,    ///< one value for all rows
  kPacked = 3,      ///< integers, or the lengths of strings, in as many bits as they take
  kDictionary = 4,  ///< the distinct values, and which of them each row has
};

/// One block of a column, as the table of blocks has it.
struct BlockEntry {
  uint64_t offset = 0;      ///< within the section of the column
  uint64_t size_bytes = 0;  ///< there
  uint32_t num_rows = 0;
  BlockEncoding encoding = BlockEncoding::kPlain;
  bool compressed = false;  ///< the block is a zstd frame
  uint32_t raw_bytes = 0;   ///< size of the block once it is unfolded
  uint32_t text_bytes = 0;  ///< strings: bytes of the values of all rows; of plain blocks 0
};

using BlockTable = std::vector<BlockEntry>;

inline constexpr uint64_t kBlockEntryBytes = 32;

void PutBlockEntry(const BlockEntry& entry, base::ByteWriter* table);

/// The blocks of field `field_id` of a segment of `num_rows` rows, whose section of data has
/// `data_bytes`. DataLoss when the table is impossible, FailedPrecondition for an encoding that
/// this library does not know. `file` is named in messages.
absl::StatusOr<BlockTable> ParseBlockTable(const SectionFile& file, int32_t field_id,
                                           std::string_view table, uint64_t num_rows,
                                           uint64_t data_bytes);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_BLOCK_TABLE_H_
