#ifndef VECDB_FORMAT_COLUMN_FILE_H_
#define VECDB_FORMAT_COLUMN_FILE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "format/block_decoder.h"
#include "format/block_table.h"
#include "format/column_encoder.h"
#include "format/column_stats.h"
#include "format/json_shredder.h"
#include "format/section_file.h"
#include "format/shredded_field.h"
#include "schema/column_block.h"
#include "schema/key.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::format {

// columns.vseg: the scalar columns of a segment, and how its keys are found.
//
//   META         rows (u64)
//   field data   the blocks of one column, one after another
//   field blocks 32 bytes a block: offset, size, rows, encoding
//   KEYS         row numbers (u32) sorted by key, equal keys by row: oldest first
//   BLOM         Bloom filter of the keys
//
// A column is cut into blocks of 4096 rows. Encoding 1, plain: numbers as they lie in memory, bools
// as bytes; strings as the end of each (u32), then their bytes. Further encodings and sections
// (statistics) come beside these; readers refuse an encoding they do not know.

/// Field ids of the library's own columns.
inline constexpr int32_t kTimestampFieldId = 1;
inline constexpr int32_t kDynamicFieldId = 2;

/// Most bytes of strings in one column of a segment.
inline constexpr uint64_t kMaxColumnBytes = 1ULL << 36;

/// What is known of a column without reading its values.
struct ColumnSummary {
  schema::ColumnStats segment;
  std::vector<schema::ColumnStats> blocks;  ///< one for each block
  std::vector<uint32_t> bloom;  ///< words of a filter over schema::KeyHash of the strings; or empty
  uint64_t memory_bytes = 0;    ///< what all of this takes
};

class ColumnFileWriter {
 public:
  static absl::StatusOr<ColumnFileWriter> Create(ObjectStore& store, const ObjectPath& path,
                                                 uint64_t num_rows, const Context& context);

  /// Adds a scalar column of exactly the rows of the file.
  absl::Status AddColumn(int32_t field_id, const Column& column, const Context& context);

  /// Adds hidden columns for the paths into a Json column that most rows have; see json_shredder.h.
  absl::Status AddShreddedJson(int32_t field_id, const Column& column, const Context& context);

  /// Adds the sections that find rows by key.
  absl::Status AddKeys(const schema::KeyColumn& keys, const Context& context);

  absl::StatusOr<FileSummary> Finish(const Context& context);

 private:
  ColumnFileWriter(std::unique_ptr<SectionWriter> writer, uint64_t num_rows)
      : writer_(std::move(writer)), num_rows_(num_rows) {}

  absl::StatusOr<int32_t> AddHidden(const EncodedColumn& column, const Context& context);
  absl::Status AddStatistics(int32_t field_id, const ColumnEncoder& encoder,
                             const Context& context);
  // A section that readers may skip.
  absl::Status AddOptional(uint32_t tag, std::span<const std::byte> bytes, const Context& context);

  std::unique_ptr<SectionWriter> writer_;
  uint64_t num_rows_;
  int32_t next_hidden_id_ = kFirstHiddenFieldId;
  std::vector<ShreddedField> shredded_;
};

/// An open columns.vseg. Thread-safe; reads from the store with every call.
class ColumnFile {
 public:
  /// DataLoss, also when the file has another number of rows; FailedPrecondition for a critical
  /// section that this library does not know.
  static absl::StatusOr<std::unique_ptr<ColumnFile>> Open(
      ObjectStore& store, const ObjectPath& path, const std::optional<FileSummary>& expected,
      uint64_t num_rows, const Context& context);

  /// The bytes that ReadColumn will take for its values.
  absl::StatusOr<uint64_t> ColumnBytes(int32_t field_id, DataType type,
                                       const Context& context = {}) const;

  /// Reads a whole column.
  absl::StatusOr<Column> ReadColumn(int32_t field_id, DataType type, const Context& context) const;

  /// At least the bytes that the block will hold when ReadBlock has decoded it.
  absl::StatusOr<uint64_t> BlockMemoryBytes(int32_t field_id, DataType type, uint32_t block,
                                            const Context& context) const;

  /// Reads one block. Strings of few distinct values come as codes, equal ones as a constant. The
  /// first call for a column reads its table of blocks, which is kept.
  absl::StatusOr<DecodedBlock> ReadBlock(int32_t field_id, DataType type, uint32_t block,
                                         const Context& context) const;

  /// Reads what is known of a column. A file without statistics gives row counts and no more.
  absl::StatusOr<std::shared_ptr<const ColumnSummary>> ReadSummary(int32_t field_id, DataType type,
                                                                   const Context& context) const;

  /// Reads which paths into Json columns have columns of their own.
  absl::StatusOr<std::vector<ShreddedField>> ReadShredded(const Context& context) const;

  /// Row numbers in the order of their keys: a permutation of all rows.
  absl::StatusOr<std::vector<uint32_t>> ReadKeyOrder(const Context& context) const;

  /// The words of the Bloom filter; see bloom.h.
  absl::StatusOr<std::vector<uint32_t>> ReadBloom(const Context& context) const;

  absl::Status Verify(const Context& context) const { return file_->Verify(context); }

 private:
  ColumnFile(std::unique_ptr<SectionFile> file, uint64_t num_rows)
      : file_(std::move(file)), num_rows_(num_rows) {}

  absl::StatusOr<std::shared_ptr<const BlockTable>> GetTable(int32_t field_id,
                                                             const Context& context) const;
  absl::StatusOr<BlockEntry> FindBlock(int32_t field_id, uint32_t block,
                                       const Context& context) const;
  absl::StatusOr<SegmentStats> ReadStats(int32_t field_id, DataType type,
                                         const Context& context) const;
  absl::StatusOr<std::vector<uint32_t>> ReadColumnBloom(int32_t field_id,
                                                        const Context& context) const;
  absl::Status ImpossibleBlock(int32_t field_id) const;
  uint64_t num_blocks() const { return (num_rows_ + schema::kBlockRows - 1) / schema::kBlockRows; }

  std::unique_ptr<SectionFile> file_;
  uint64_t num_rows_;
  mutable base::Mutex mutex_;
  mutable std::map<int32_t, std::shared_ptr<const BlockTable>> tables_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_COLUMN_FILE_H_
