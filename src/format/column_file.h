#ifndef VECDB_FORMAT_COLUMN_FILE_H_
#define VECDB_FORMAT_COLUMN_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "format/section_file.h"
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

inline constexpr uint32_t kBlockRows = 4096;

/// Field ids of the library's own columns.
inline constexpr int32_t kTimestampFieldId = 1;
inline constexpr int32_t kDynamicFieldId = 2;

/// Most bytes of strings in one column of a segment.
inline constexpr uint64_t kMaxColumnBytes = 1ULL << 36;

class ColumnFileWriter {
 public:
  static absl::StatusOr<ColumnFileWriter> Create(ObjectStore& store, const ObjectPath& path,
                                                 uint64_t num_rows, const Context& context);

  /// Adds a scalar column of exactly the rows of the file.
  absl::Status AddColumn(int32_t field_id, const Column& column, const Context& context);

  /// Adds the sections that find rows by key.
  absl::Status AddKeys(const schema::KeyColumn& keys, const Context& context);

  absl::StatusOr<FileSummary> Finish(const Context& context) { return writer_->Finish(context); }

 private:
  ColumnFileWriter(std::unique_ptr<SectionWriter> writer, uint64_t num_rows)
      : writer_(std::move(writer)), num_rows_(num_rows) {}

  std::unique_ptr<SectionWriter> writer_;
  uint64_t num_rows_;
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
  absl::StatusOr<uint64_t> ColumnBytes(int32_t field_id, DataType type) const;

  /// Reads a whole column.
  absl::StatusOr<Column> ReadColumn(int32_t field_id, DataType type, const Context& context) const;

  /// Row numbers in the order of their keys: a permutation of all rows.
  absl::StatusOr<std::vector<uint32_t>> ReadKeyOrder(const Context& context) const;

  /// The words of the Bloom filter; see bloom.h.
  absl::StatusOr<std::vector<uint32_t>> ReadBloom(const Context& context) const;

  absl::Status Verify(const Context& context) const { return file_->Verify(context); }

 private:
  struct Block {
    uint64_t offset = 0;
    uint64_t size_bytes = 0;
    uint32_t num_rows = 0;
  };

  ColumnFile(std::unique_ptr<SectionFile> file, uint64_t num_rows)
      : file_(std::move(file)), num_rows_(num_rows) {}

  absl::StatusOr<std::vector<Block>> ReadBlockTable(int32_t field_id, uint64_t data_bytes,
                                                    const Context& context) const;

  std::unique_ptr<SectionFile> file_;
  uint64_t num_rows_;
};

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_COLUMN_FILE_H_
