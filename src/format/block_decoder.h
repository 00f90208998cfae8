#ifndef VECDB_FORMAT_BLOCK_DECODER_H_
#define VECDB_FORMAT_BLOCK_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "format/block_table.h"
#include "schema/column_block.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::format {

/// Bytes of a block, aligned for every type of number. Not initialised.
class BlockBytes {
 public:
  BlockBytes() = default;
  explicit BlockBytes(size_t size)
      : words_(std::make_unique_for_overwrite<uint64_t[]>((size + 7) / 8)), size_(size) {}

  std::byte* data() { return reinterpret_cast<std::byte*>(words_.get()); }
  std::span<std::byte> bytes() { return {data(), size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(words_.get()), size_}; }
  size_t size() const { return size_; }

  /// Keeps the bytes alive, where they are.
  static std::shared_ptr<const void> Share(BlockBytes bytes) {
    return std::shared_ptr<const uint64_t[]>(std::move(bytes.words_));
  }

 private:
  std::unique_ptr<uint64_t[]> words_;
  size_t size_ = 0;
};

/// A block that was decoded, and the bytes of memory that it holds until `block.owner` goes.
struct DecodedBlock {
  schema::ColumnBlock block;
  uint64_t memory_bytes = 0;
};

/// At least the `memory_bytes` of the block once it is decoded.
uint64_t DecodedBytes(const BlockEntry& entry, DataType type);

/// The bytes that the values of a block take in a Column.
uint64_t ColumnBytes(const BlockEntry& entry, DataType type);

/// Decodes `bytes`, the block as it lies in the file. nullopt when it is impossible: `bytes` may be
/// anything, `entry` is one of ParseBlockTable.
std::optional<DecodedBlock> DecodeBlock(const BlockEntry& entry, DataType type, BlockBytes bytes);

/// Appends the rows of `block` to `values`, which holds the alternative of its type.
void AppendBlock(const schema::ColumnBlock& block, Column::Values* values);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_BLOCK_DECODER_H_
