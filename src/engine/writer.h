#ifndef VECDB_ENGINE_WRITER_H_
#define VECDB_ENGINE_WRITER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "engine/expiry.h"
#include "format/write_record.h"
#include "journal/log_writer.h"
#include "query/fetch.h"
#include "query/row_selection.h"
#include "schema/key.h"
#include "segment/growing_segment.h"
#include "vecdb/collection.h"

namespace vecdb::engine {

/// InvalidArgument when the keys are not of the type of the primary key.
absl::Status CheckKeyType(const Schema& schema, const Keys& keys);

/// Where the row of a key is that is alive at `as_of`, per key; nullopt where there is none.
/// Expired rows are found, too.
absl::StatusOr<KeyPlaces> FindLiveRows(const CollectionCore& core, const View& view, uint64_t as_of,
                                       const schema::KeyColumn& keys, const Context& context);

/// Applies batches to the growing segments of a collection, and puts them in its journal.
/// Thread-safe; writers take turns, and wait for the journal together.
class Writer {
 public:
  /// `core` is borrowed.
  explicit Writer(CollectionCore* core);

  /// Adds rows; those of the same keys are replaced when `replace` is set, else they are
  /// AlreadyExists. Unknown when the journal failed, or the context ended, after the batch was
  /// applied.
  absl::StatusOr<WriteResult> Insert(const RowBatch& rows, bool replace,
                                     const WriteOptions& options, const Context& context);
  absl::StatusOr<WriteResult> Delete(const Keys& keys, const WriteOptions& options,
                                     const Context& context);
  /// Deletes the rows that match. They are found while no other batch is applied.
  absl::StatusOr<WriteResult> DeleteWhere(const query::BoundFilter& filter,
                                          const WriteOptions& options, const Context& context);

  /// Commits rows that lie in no growing segment: calls `commit`, at a time of its own, when every
  /// write before is durable and visible, and shows what it has done. Other writers wait meanwhile.
  /// Under the maintenance gate. FailedPrecondition when there is no journal and something has been
  /// written since Seal.
  absl::StatusOr<WriteResult> WriteAlone(
      uint64_t num_rows, const std::function<absl::Status(uint64_t timestamp)>& commit,
      const Context& context);
  /// Shows what WriteAlone had committed when the collection was open last; after Replay of all.
  absl::Status ShowCommitted(const Context& context);

  /// Applies a record of the journal at its time, and shows it. For a collection that nobody uses
  /// yet, or that is read alone.
  absl::StatusOr<WriteResult> Replay(const format::WriteRecord& record, uint64_t timestamp,
                                     const Context& context);

  /// What a flush is to write: everything that has been applied.
  struct Sealed {
    Snapshot snapshot{};  ///< all of it visible, and durable in the journal
    uint64_t host_sequence = 0;
    // Of what took rows until now.
    uint64_t num_segments = 0;
    uint64_t num_rows = 0;
    uint64_t num_bytes = 0;  ///< of memory
  };
  /// Stops appending to the growing segments of now, and begins a new file of the journal. The next
  /// batch makes new growing segments, which are not sealed: everything is read under the write
  /// gate. Waits for writes that are on their way to the journal.
  absl::StatusOr<Sealed> Seal(const Context& context);

  /// Lets go of all rows. For a collection that has been shut down.
  void Forget();

  /// Bytes of the largest growing segment that still takes rows.
  uint64_t largest_growing_bytes() const {
    return largest_growing_bytes_.load(std::memory_order_relaxed);
  }

 private:
  using GrowingRows = std::shared_ptr<segment::GrowingSegment>;

  // One batch on its way into memory.
  struct Batch {
    format::WriteKind kind = format::WriteKind::kInsert;
    const RowBatch* rows = nullptr;  // null for a delete
    schema::KeyColumn keys{};
    std::span<const int64_t> auto_keys{};
    bool keys_are_new = false;  // known, so that they need not be looked for
  };

  // What it is going to do, with all memory taken.
  struct Prepared {
    std::shared_ptr<const View> view{};
    KeyPlaces existing{};      // rows that go
    uint64_t num_expired = 0;  // of those, rows that were gone for readers already
    std::vector<std::vector<uint32_t>> rows_of_shard{};
    bool changes = false;
  };

  // A batch whose turn has come, with its record when there is a journal.
  struct Turn {
    Batch batch{};
    Prepared prepared{};
    std::optional<journal::PendingRecord> record{};
  };

  absl::StatusOr<WriteResult> Write(const Batch& batch,
                                    std::optional<journal::PendingRecord> record,
                                    const WriteOptions& options, const Context& context);
  absl::Status CheckJournal();
  template <typename PrepareTurn>
  absl::StatusOr<WriteResult> WriteInTurn(const WriteOptions& options, const Context& context,
                                          PrepareTurn prepare);
  absl::StatusOr<Turn> PrepareDelete(const query::BoundFilter& filter, const WriteOptions& options,
                                     const Context& context, RowBatch* keys) const;
  std::optional<journal::PendingRecord> DeleteRecord(const schema::KeyColumn& keys,
                                                     const WriteOptions& options) const;
  absl::StatusOr<Prepared> Prepare(const Batch& batch, const Context& context);
  WriteResult Apply(const Batch& batch, const Prepared& prepared, bool is_replayed = false);
  void AppendToJournal(journal::PendingRecord record, AppliedWrite* batch);
  absl::Status FindExisting(const Batch& batch, const Context& context, Prepared* prepared) const;
  absl::StatusOr<std::vector<bool>> FindExpiredNow(const View& view, const KeyPlaces& places,
                                                   const Context& context) const;
  std::vector<int64_t> MakeKeys(const RowBatch& rows);
  absl::Status ReserveShards(const RowBatch& rows,
                             std::span<const std::vector<uint32_t>> rows_of_shard);
  void AppendShards(const RowBatch& rows, std::span<const std::vector<uint32_t>> rows_of_shard,
                    std::span<const int64_t> auto_keys, uint64_t timestamp);

  CollectionCore* core_;

  // Guarded by the write gate.
  std::vector<GrowingRows> growing_;   // by shard; null until a row comes
  std::vector<GrowingRows> reserved_;  // made by ReserveShards, not in the view yet
  AppliedWrite last_;                  // of what has been applied
  uint64_t host_sequence_ = 0;         // the largest that has been applied
  bool has_news_ = false;              // since Seal

  std::atomic<uint64_t> largest_growing_bytes_ = 0;  // a figure only
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_WRITER_H_
