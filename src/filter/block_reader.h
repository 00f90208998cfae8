#ifndef VECDB_FILTER_BLOCK_READER_H_
#define VECDB_FILTER_BLOCK_READER_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/status/statusor.h"
#include "filter/column_source.h"
#include "schema/column_block.h"
#include "vecdb/context.h"

namespace vecdb::filter {

/// Reads the columns of one block after the other, each once however many conditions look at it.
/// Borrows its arguments. Single-threaded.
class BlockReader {
 public:
  BlockReader(const ColumnSource& source, const Context& context)
      : source_(source), context_(context) {}

  /// Goes to a block. Cancelled, DeadlineExceeded.
  absl::Status MoveTo(uint32_t block);

  uint32_t num_rows() const { return num_rows_; }

  /// Columns read so far.
  uint64_t num_reads() const { return num_reads_; }

  /// A column of the block. Stays valid until MoveTo. Errors as ColumnSource::Read.
  absl::StatusOr<const schema::ColumnBlock*> Read(size_t column);

  /// To be told of the bytes that are looked at one by one: now and then it looks at the context.
  absl::Status Spend(size_t bytes) {
    spent_ += bytes;
    return spent_ < kBytesBetweenChecks ? absl::OkStatus() : CheckContext();
  }

 private:
  static constexpr size_t kBytesBetweenChecks = size_t{64} << 10;

  struct Column {
    size_t number = 0;
    uint32_t block = 0;
    schema::ColumnBlock values{};
  };

  absl::Status CheckContext();

  const ColumnSource& source_;
  const Context& context_;
  uint32_t block_ = 0;
  uint32_t num_rows_ = 0;
  uint64_t num_reads_ = 0;
  size_t spent_ = 0;
  std::deque<Column> columns_;
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_BLOCK_READER_H_
