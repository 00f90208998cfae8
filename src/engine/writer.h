#ifndef VECDB_ENGINE_WRITER_H_
#define VECDB_ENGINE_WRITER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "query/fetch.h"
#include "schema/key.h"
#include "segment/growing_segment.h"
#include "segment/row_layout.h"
#include "vecdb/collection.h"

namespace vecdb::engine {

/// InvalidArgument when the keys are not of the type of the primary key.
absl::Status CheckKeyType(const Schema& schema, const Keys& keys);

/// Where a live row is, per key; nullopt where there is none.
absl::StatusOr<std::vector<std::optional<query::RowPlace>>> FindLiveRows(
    const CollectionCore& core, const Snapshot& snapshot, const schema::KeyColumn& keys,
    const Context& context);

/// Applies batches to the growing segments of a collection. Thread-safe; writers take turns.
class Writer {
 public:
  /// `core` is borrowed.
  explicit Writer(CollectionCore* core);

  /// Adds rows; those of the same keys are replaced when `replace` is set, else they are
  /// AlreadyExists.
  absl::StatusOr<WriteResult> Insert(const RowBatch& rows, bool replace, const Context& context);
  absl::StatusOr<WriteResult> Delete(const Keys& keys, const Context& context);

  /// Stops appending to the growing segments of now. Returns them, and the time up to which rows
  /// and deletes are complete in them: both read under the write gate, since the next batch makes
  /// new growing segments, which are not sealed.
  absl::StatusOr<Snapshot> Seal(const Context& context);

  /// Lets go of all rows. For a collection that has been shut down.
  void Forget();

  /// Bytes of the largest growing segment that still takes rows.
  uint64_t largest_growing_bytes() const {
    return largest_growing_bytes_.load(std::memory_order_relaxed);
  }

 private:
  using GrowingRows = std::shared_ptr<segment::GrowingSegment>;

  absl::StatusOr<std::vector<int64_t>> MakeKeys(const RowBatch& rows);
  absl::Status ReserveShards(const RowBatch& rows,
                             std::span<const std::vector<uint32_t>> rows_of_shard);
  void AppendShards(const RowBatch& rows, std::span<const std::vector<uint32_t>> rows_of_shard,
                    std::span<const int64_t> auto_keys, uint64_t timestamp);

  uint64_t DataBytes(const segment::GrowingSegment& rows) const;

  CollectionCore* core_;
  const segment::RowLayout layout_;
  std::vector<GrowingRows> growing_;  // by shard; null until a row comes; guarded by the write gate
  std::vector<GrowingRows> reserved_;  // made by ReserveShards, not in the view yet; the same
  std::atomic<uint64_t> largest_growing_bytes_ = 0;  // a figure only
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_WRITER_H_
