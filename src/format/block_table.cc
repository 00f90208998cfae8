#include "format/block_table.h"

#include <algorithm>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/zstd_block.h"
#include "schema/column_block.h"
#include "vecdb/schema.h"

namespace vecdb::format {
namespace {

constexpr uint32_t kCompressedFlag = 0x100;

// No encoding that is chosen takes more for a row.
constexpr uint64_t kMaxRowBytes = kMaxJsonBytes + sizeof(uint32_t);

bool IsKnown(uint32_t encoding) {
  return encoding >= static_cast<uint32_t>(BlockEncoding::kPlain) &&
         encoding <= static_cast<uint32_t>(BlockEncoding::kDictionary);
}

// Reads the next entry, and gives its encoding as it is written.
uint32_t GetEntry(base::ByteReader* reader, BlockEntry* block) {
  block->offset = reader->Get<uint64_t>();
  block->size_bytes = reader->Get<uint64_t>();
  block->num_rows = reader->Get<uint32_t>();
  const auto encoding = reader->Get<uint32_t>();
  block->raw_bytes = reader->Get<uint32_t>();
  block->text_bytes = reader->Get<uint32_t>();
  block->encoding = static_cast<BlockEncoding>(encoding & ~kCompressedFlag);
  block->compressed = (encoding & kCompressedFlag) != 0;
  // Old files have 0 for the size of a plain block.
  if (encoding == static_cast<uint32_t>(BlockEncoding::kPlain)) {
    block->raw_bytes = static_cast<uint32_t>(std::min<uint64_t>(block->size_bytes, 0xffffffff));
  }
  return encoding;
}

// Whether the sizes of a block belong together.
bool SizesFit(const BlockEntry& entry) {
  if (entry.text_bytes > entry.num_rows * uint64_t{kMaxJsonBytes}) return false;
  if (!entry.compressed) return entry.raw_bytes == entry.size_bytes;
  return entry.raw_bytes <= entry.num_rows * kMaxRowBytes &&
         entry.raw_bytes / kMaxZstdRatio <= entry.size_bytes;
}

}  // namespace

void PutBlockEntry(const BlockEntry& entry, base::ByteWriter* table) {
  const bool plain = entry.encoding == BlockEncoding::kPlain && !entry.compressed;
  table->Put(entry.offset);
  table->Put(entry.size_bytes);
  table->Put(entry.num_rows);
  table->Put(static_cast<uint32_t>(entry.encoding) | (entry.compressed ? kCompressedFlag : 0));
  table->Put(plain ? 0 : entry.raw_bytes);
  table->Put(entry.encoding == BlockEncoding::kPlain ? 0 : entry.text_bytes);
}

absl::StatusOr<BlockTable> ParseBlockTable(const SectionFile& file, int32_t field_id,
                                           std::string_view table, uint64_t num_rows,
                                           uint64_t data_bytes) {
  const uint64_t num_blocks = (num_rows + schema::kBlockRows - 1) / schema::kBlockRows;
  if (table.size() != num_blocks * kBlockEntryBytes) {
    return file.Damaged(base::StrFormat("block table of field %d has %d bytes, not %d", field_id,
                                        table.size(), num_blocks * kBlockEntryBytes));
  }
  base::ByteReader reader(table);
  BlockTable blocks(static_cast<size_t>(num_blocks));
  uint64_t offset = 0;
  uint64_t rows_left = num_rows;
  for (BlockEntry& block : blocks) {
    const uint32_t encoding = GetEntry(&reader, &block);
    if (block.offset != offset || block.size_bytes > data_bytes - offset ||
        block.num_rows != std::min<uint64_t>(rows_left, schema::kBlockRows)) {
      return file.Damaged(base::StrFormat("block table of field %d is impossible", field_id));
    }
    if (!IsKnown(encoding & ~kCompressedFlag)) {
      return absl::FailedPreconditionError(
          base::StrFormat("object %s: field %d has encoding %d, unknown to this library",
                          file.path(), field_id, encoding));
    }
    if (!SizesFit(block)) {
      return file.Damaged(base::StrFormat("block table of field %d is impossible", field_id));
    }
    offset += block.size_bytes;
    rows_left -= block.num_rows;
  }
  if (offset != data_bytes)
    return file.Damaged(base::StrFormat("field %d has stray bytes", field_id));
  return blocks;
}

}  // namespace vecdb::format
