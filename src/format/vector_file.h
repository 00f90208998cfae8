#ifndef VECDB_FORMAT_VECTOR_FILE_H_
#define VECDB_FORMAT_VECTOR_FILE_H_

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "format/section_file.h"

namespace vecdb::format {

// <field id>.vec: the vectors of one field of a segment, as they came.
//
//   META  dim (u32), reserved (u32), rows (u64)
//   ROWS  float32, row-major
//   NORM  one float32 a row: 1 / |row|, 0 for a zero vector

class VectorFileWriter {
 public:
  static absl::StatusOr<VectorFileWriter> Create(ObjectStore& store, const ObjectPath& path,
                                                 int32_t dim, uint64_t num_rows,
                                                 const Context& context);

  /// Adds the next rows.
  absl::Status AddRows(std::span<const float> rows, const Context& context);

  /// Adds the inverse norms of all rows, which must have been added, and finishes the file.
  absl::StatusOr<FileSummary> Finish(std::span<const float> inverse_norms, const Context& context);

 private:
  explicit VectorFileWriter(std::unique_ptr<SectionWriter> writer) : writer_(std::move(writer)) {}

  std::unique_ptr<SectionWriter> writer_;
};

/// An open vector file. Thread-safe; reads from the store with every call.
class VectorFile {
 public:
  static absl::StatusOr<std::unique_ptr<VectorFile>> Open(
      ObjectStore& store, const ObjectPath& path, const std::optional<FileSummary>& expected,
      int32_t dim, uint64_t num_rows, const Context& context);

  /// All rows; ResourceExhausted over the budget, DataLoss when a number is NaN or Inf.
  absl::StatusOr<base::LargeBuffer> ReadRows(const Host& host, const Context& context,
                                             const SectionReading& reading = {}) const;
  absl::StatusOr<base::LargeBuffer> ReadInverseNorms(const Host& host, const Context& context,
                                                     const SectionReading& reading = {}) const;

  /// Rows one after the other, into `out` of dim floats each; those that follow each other in the
  /// file are read together. A block of the file is checked when it is read for the first time.
  absl::Status GatherRows(std::span<const uint32_t> rows, std::span<float> out,
                          const Context& context) const;

  absl::Status Verify(const Context& context) const { return file_->Verify(context); }

  size_t dim() const { return static_cast<size_t>(dim_); }

 private:
  VectorFile(std::unique_ptr<SectionFile> file, int32_t dim, uint64_t num_rows, uint64_t row_bytes)
      : file_(std::move(file)), dim_(dim), num_rows_(num_rows), checked_(row_bytes) {}

  std::unique_ptr<SectionFile> file_;
  int32_t dim_;
  uint64_t num_rows_;
  mutable CheckedBlocks checked_;  // of ROWS
};

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_VECTOR_FILE_H_
