#ifndef VECDB_SEGMENT_GROWING_SEGMENT_H_
#define VECDB_SEGMENT_GROWING_SEGMENT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "base/mutex.h"
#include "base/paged_pointers.h"
#include "base/row_mask.h"
#include "index/growing_hnsw.h"
#include "schema/key.h"
#include "segment/key_table.h"
#include "segment/row_layout.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::segment {

/// Rows in memory, appended by one writer and read by any number of threads without locks.
///
/// Rows lie in chunks that never move. They become visible by the row count, which is published
/// after their values; within the count a reader at time T sees those of timestamp <= T. Timestamps
/// never fall from row to row, so that is a prefix. A segment that is sealed is simply no longer
/// appended to.
class GrowingSegment {
 public:
  static constexpr uint32_t kMaxRows = 1u << 30;

  GrowingSegment(std::shared_ptr<const Schema> schema, const Host& host);

  // --- One writer at a time.

  /// Takes all memory that Append of the same rows will need, so that Append cannot fail.
  absl::Status Reserve(const RowBatch& batch, std::span<const uint32_t> rows);

  /// Appends rows of a checked batch at `timestamp`. `auto_keys` holds a key for each row of the
  /// batch when the schema makes keys, and is empty otherwise.
  void Append(const RowBatch& batch, std::span<const uint32_t> rows,
              std::span<const int64_t> auto_keys, uint64_t timestamp);

  /// The same with a time for each row of the batch. Only for segments that nobody reads at a time:
  /// these may fall from row to row.
  void AppendAt(const RowBatch& batch, std::span<const uint32_t> rows,
                std::span<const int64_t> timestamps);

  // --- Any thread.

  const Schema& schema() const { return *schema_; }
  uint32_t num_rows() const { return num_rows_.load(std::memory_order_acquire); }
  uint64_t memory_bytes() const {
    return block_bytes_.load(std::memory_order_relaxed) +
           string_bytes_.load(std::memory_order_relaxed);
  }
  /// Memory that holds rows: without what is free for further ones, which for a short segment is
  /// most.
  uint64_t data_bytes() const {
    return num_rows() * layout_.row_bytes() + string_bytes_.load(std::memory_order_relaxed);
  }

  /// Rows whose timestamp is at most `as_of`: rows 0 to the result - 1.
  uint32_t VisibleRows(uint64_t as_of) const;
  /// Rows that were written before `alive_from`: rows 0 to the result - 1.
  uint32_t ExpiredRows(uint64_t alive_from) const {
    return alive_from == 0 ? 0 : VisibleRows(alive_from - 1);
  }

  uint64_t timestamp(uint32_t row) const;
  schema::Key key(uint32_t row) const;
  std::string_view string(size_t column, uint32_t row) const;
  std::span<const float> vector(size_t column, uint32_t row) const;

  /// When rows were deleted; shared with the sealed segment that takes over.
  const std::shared_ptr<base::DeleteTimes>& deletes() const { return deletes_; }

  /// Looks ahead for a batch of FindRow: the keys of these hashes come next but one and next.
  void PrefetchKeys(uint64_t next_but_one, uint64_t next) const {
    keys_.PrefetchHead(next_but_one);
    keys_.PrefetchChain(next);
  }

  /// The live row of a key at `as_of`.
  std::optional<uint32_t> FindRow(const schema::Key& key, uint64_t as_of) const;

  DataType column_type(size_t column) const { return layout_.type(column); }
  /// Bytes of one value of a column; those of a string are a string_view.
  uint64_t value_width(size_t column) const { return layout_.width(column); }
  /// The values of `count` rows that lie one after another; null when they are in several chunks.
  const std::byte* FindRun(size_t column, uint32_t first_row, uint32_t count) const;
  /// Copies the values of `count` rows.
  void CopyValues(size_t column, uint32_t first_row, uint32_t count, std::byte* out) const;

  /// Copies the values of some rows. `column` is no vector column.
  Column Gather(size_t column, std::span<const uint32_t> rows) const;
  /// Copies the values of the first `num_rows` rows.
  Column GatherAll(size_t column, uint32_t num_rows) const;
  std::vector<int64_t> Timestamps(uint32_t num_rows) const;

  /// Rows that lie one after another.
  struct VectorRun {
    uint32_t first_row = 0;
    uint32_t num_rows = 0;
    const float* rows = nullptr;
    const float* inverse_norms = nullptr;
  };
  /// The vectors of rows `first_row` to `num_rows` - 1, in order.
  std::vector<VectorRun> Vectors(size_t column, uint32_t num_rows, uint32_t first_row = 0) const;

  // --- Interim indexes: graphs over a vector column that searches use while rows are still
  // appended. What they find is what comparing all rows finds, nearly.

  /// Makes an interim index, of no rows yet, unless the column has one of this kind; another one it
  /// had is dropped.
  std::shared_ptr<index::GrowingHnsw> EnsureInterim(size_t column, Metric metric, int32_t m,
                                                    int32_t ef_construction) const;

  /// The interim index of a column; nullptr where there is none. Not to be used beyond the life of
  /// the segment.
  std::shared_ptr<index::GrowingHnsw> interim(size_t column) const;

  /// Extends the interim index of a column, where there is one, to the rows that are there now. For
  /// one thread at a time. ResourceExhausted, Cancelled, DeadlineExceeded: what was linked goes on
  /// being searched, and a further call goes on from there.
  absl::Status ExtendInterim(size_t column, const Context& context) const;

  /// Drops the interim index of a column; whoever searches it goes on.
  void DropInterim(size_t column) const;

  /// Memory that interim indexes hold, which is not among memory_bytes().
  uint64_t interim_bytes() const;

 private:
  struct Chunk {
    std::byte* data = nullptr;  // in one of blocks_
  };

  const std::byte* Values(size_t column, uint32_t row) const;
  std::byte* MutableValues(size_t column, uint32_t row);
  absl::Status AddBlock();
  absl::Status ReserveStrings(uint64_t bytes);
  uint64_t StringBytes(const RowBatch& batch, std::span<const uint32_t> rows) const;
  std::string_view KeepString(std::string_view text);
  void AppendColumn(size_t column, const Column& values, std::span<const uint32_t> rows,
                    uint32_t first_row);
  const Column* InputColumn(const RowBatch& batch, size_t column) const;
  void AppendColumns(const RowBatch& batch, std::span<const uint32_t> rows,
                     std::span<const int64_t> auto_keys);
  void AddKeys(uint32_t begin, uint32_t end);
  template <typename TimeOf>
  void FinishAppend(size_t count, TimeOf time_of);
  template <typename T>
  std::vector<T> GatherNumbers(size_t column, std::span<const uint32_t> rows) const;

  const std::shared_ptr<const Schema> schema_;
  const Host host_;
  const RowLayout layout_;
  const size_t key_column_;
  base::PagedPointers<Chunk> chunks_;
  uint32_t num_chunks_ = 0;                 // writer only
  std::vector<base::LargeBuffer> blocks_;   // writer only; readers come through chunks_
  size_t prefaulted_blocks_ = 1;            // the first may be all that a small segment ever takes
  std::vector<base::LargeBuffer> strings_;  // writer only; readers come through string_views
  uint64_t strings_used_ = 0;               // bytes taken of the last block of strings_
  KeyTable keys_;
  std::shared_ptr<base::DeleteTimes> deletes_;
  std::atomic<uint32_t> num_rows_ = 0;      // release publishes the values of the rows
  std::atomic<uint64_t> block_bytes_ = 0;   // a figure only
  std::atomic<uint64_t> string_bytes_ = 0;  // the same
  mutable base::Mutex interim_mutex_;       // a leaf
  // By column; empty before the first is made.
  mutable std::vector<std::shared_ptr<index::GrowingHnsw>> interim_ ABSL_GUARDED_BY(interim_mutex_);
};

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_GROWING_SEGMENT_H_
