#ifndef VECDB_SEGMENT_SEALED_SEGMENT_H_
#define VECDB_SEGMENT_SEALED_SEGMENT_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "base/mutex.h"
#include "base/reservation.h"
#include "base/row_mask.h"
#include "filter/column_source.h"
#include "format/column_file.h"
#include "format/mapped_sections.h"
#include "format/vector_file.h"
#include "index/vector_index.h"
#include "index/vector_view.h"
#include "schema/key.h"
#include "segment/column_blocks.h"
#include "segment/filter_bitmap.h"
#include "segment/scalar_index.h"
#include "vecdb/host.h"
#include "vecdb/load.h"
#include "vecdb/object_store.h"
#include "vecdb/row_batch.h"
#include "vecdb/segment.h"

namespace vecdb::segment {

/// How what searches need comes into memory.
struct LoadHow {
  LoadMode mode = LoadMode::kRead;
  /// Not null: grows by the bytes of vectors and indexes as they are read or mapped. Borrowed.
  std::atomic<uint64_t>* bytes_done = nullptr;
};

/// The vectors of one field, in memory, mapped, or where the store has them.
struct ResidentVectors {
  base::LargeBuffer rows;
  base::LargeBuffer inverse_norms;
  std::unique_ptr<const index::RowReader> reader;  // of rows that are not in memory
  index::VectorView view{};
  std::shared_ptr<format::MappedSections> mapped{};  ///< null: nothing is

  uint64_t bytes() const {  ///< in memory
    return rows.size() + inverse_norms.size() - (mapped == nullptr ? 0 : mapped->bytes());
  }
};

/// What searches of one vector field read. The index may be null: rows are then compared one by
/// one.
struct ResidentField {
  std::shared_ptr<const ResidentVectors> vectors{};
  std::shared_ptr<const index::VectorIndex> index{};
  std::shared_ptr<format::MappedSections> index_mapped{};  ///< null: nothing of the index is
};

/// A column in memory, with its share of the budget.
struct ResidentColumn {
  Column column;
  uint64_t bytes = 0;
  base::Reservation reservation;
};

/// What of a sealed segment is in memory for searches. Immutable.
struct Resident {
  std::vector<ResidentField> fields{};  ///< by number of the column; empty for what is not loaded
  std::shared_ptr<const ResidentColumn> keys{};

  uint64_t bytes() const;  ///< in memory, without the keys
  uint64_t mapped_bytes() const;
  uint64_t unchecked_bytes() const;  ///< of those
};

/// Rows on the object store, with lazy access to every part. Thread-safe.
///
/// The rows never change. Deletes are added in memory, in an array that the growing segment before
/// and every later SealedSegment of the same rows share; which indexes and delete objects there are
/// is said by the info, and WithInfo gives the same rows under another one.
///
/// Columns are numbered as in RowLayout.
class SealedSegment {
 public:
  /// Opens every object of `info` and checks its frame. `deletes` are those of the growing segment;
  /// when null they are read from the store. NotFound or DataLoss for objects that are missing or
  /// damaged.
  static absl::StatusOr<std::shared_ptr<SealedSegment>> Open(
      std::shared_ptr<ObjectStore> store, SegmentInfo info, const Host& host,
      std::shared_ptr<base::DeleteTimes> deletes, const Context& context);

  std::shared_ptr<SealedSegment> WithInfo(SegmentInfo info) const;

  const SegmentInfo& info() const { return info_; }
  uint32_t num_rows() const { return static_cast<uint32_t>(info_.num_rows); }
  const std::shared_ptr<base::DeleteTimes>& deletes() const { return rows_->deletes; }
  ObjectStore& store() const { return *rows_->store; }
  const std::shared_ptr<ObjectStore>& shared_store() const { return rows_->store; }
  const Host& host() const { return rows_->host; }

  /// A scalar column; read once and kept until DropColumns.
  absl::StatusOr<std::shared_ptr<const ResidentColumn>> GetColumn(size_t column,
                                                                  const Context& context) const;
  /// The timestamps of the rows, as Int64.
  absl::StatusOr<std::shared_ptr<const ResidentColumn>> GetTimestamps(const Context& context) const;
  /// Whether a read at a time has to compare them: some rows are later than `as_of`, or were
  /// written before `alive_from`.
  bool NeedsTimestamps(uint64_t as_of, uint64_t alive_from) const {
    return as_of < info_.max_timestamp || alive_from > info_.min_timestamp;
  }
  /// The timestamps of some rows; of the others no more than their blocks is read.
  absl::StatusOr<Column> GatherTimestamps(std::span<const uint32_t> rows,
                                          const Context& context) const;
  /// How many rows were written before `time`. Reads blocks whose statistics do not say.
  absl::StatusOr<uint64_t> CountBefore(uint64_t time, const Context& context) const;

  /// The scalar columns in blocks, and what filters have matched.
  ColumnBlocks& blocks() const { return *rows_->blocks; }
  FilterBitmapCache& bitmaps() const { return *rows_->bitmaps; }

  /// The row numbers in the order of their keys, and the keys.
  struct KeyOrder {
    std::shared_ptr<const std::vector<uint32_t>> rows{};
    std::shared_ptr<const ResidentColumn> keys{};
  };
  absl::StatusOr<KeyOrder> GetKeyOrder(const Context& context) const;

  /// Forgets columns, keys, timestamps, scalar indexes and rows of filters. Those in use stay until
  /// their users are done.
  void DropColumns() const;
  uint64_t column_bytes() const;
  /// What the keys of all rows take once they are in memory.
  uint64_t key_bytes() const;

  /// The row of a key that is alive at `as_of`.
  absl::StatusOr<std::optional<uint32_t>> FindRow(const schema::Key& key, uint64_t as_of,
                                                  const Context& context) const;

  /// Reads the vectors of a field into memory.
  absl::StatusOr<std::shared_ptr<const ResidentVectors>> LoadVectors(size_t column,
                                                                     const Context& context,
                                                                     const LoadHow& how = {}) const;

  /// Leaves the vectors of a field where they are, to be read row by row.
  std::shared_ptr<const ResidentVectors> StoredVectors(size_t column) const;

  /// Reads the index of a field, null when it has none, and when it needs rows in memory that
  /// `vectors` has not. An index that is damaged or missing is null
  /// too, is reported to the log, and index_damaged() says so: it can be built again. `mapped` gets
  /// what is mapped of it, and must be given with LoadMode::kMap.
  absl::StatusOr<std::shared_ptr<const index::VectorIndex>> LoadIndex(
      size_t column, const ResidentVectors& vectors, const Context& context,
      const LoadHow& how = {}, format::MappedSections* mapped = nullptr) const;
  bool index_damaged(size_t column) const;
  /// What searches of `index`, that of a field, found when it was built; empty when that is not
  /// known.
  std::span<const RecallPoint> Calibration(size_t column, const index::VectorIndex& index) const;
  /// The same for an index in use whose damage showed later.
  void LeaveIndexAside(size_t column, const absl::Status& damage) const;

  /// The same for the index of a scalar field, read once and kept until DropColumns or WithInfo of
  /// an info without it. Null also where the memory budget has no room for it.
  absl::StatusOr<std::shared_ptr<const filter::ScalarIndex>> LoadScalarIndex(
      size_t column, const Context& context) const;

  /// Reads what searches of a vector field need, but for what `before` has of it: the index, and
  /// the vectors unless the index can do without them in memory.
  absl::StatusOr<ResidentField> LoadField(size_t column, const ResidentField& before,
                                          const Context& context, const LoadHow& how = {}) const;

  /// About how many bytes LoadField reads or maps.
  uint64_t LoadBytes(size_t column, const ResidentField& before) const;

  /// Reads what searches of `columns`, vector fields, need.
  absl::StatusOr<std::shared_ptr<const Resident>> LoadResident(std::span<const size_t> columns,
                                                               const Context& context) const;

  /// Values of some rows of any column, vectors included. `resident` may be null.
  absl::StatusOr<Column> Gather(size_t column, std::span<const uint32_t> rows,
                                const Resident* resident, const Context& context) const;

  /// Reads and checks all vectors of a field.
  absl::Status VerifyVectors(size_t column, const Context& context) const;

  /// Reads and checks every object that rows lie in. For segments that are doubted.
  absl::Status Verify(const Context& context) const;

 private:
  using Columns = std::map<int32_t, std::shared_ptr<const ResidentColumn>>;
  using ScalarIndexes = std::map<std::string, std::shared_ptr<const SealedScalarIndex>>;

  // How keys are found: the filter first, then the order.
  struct KeyIndex {
    std::vector<uint32_t> order;
    std::shared_ptr<const ResidentColumn> keys;
    base::Reservation reservation;
  };

  // What all infos of the same rows share.
  struct Rows {
    std::shared_ptr<ObjectStore> store;
    Host host;
    std::unique_ptr<format::ColumnFile> columns;
    std::unique_ptr<ColumnBlocks> blocks;
    std::unique_ptr<FilterBitmapCache> bitmaps;
    std::vector<std::shared_ptr<const format::VectorFile>> vectors;  // by number of the column
    std::shared_ptr<base::DeleteTimes> deletes;

    base::Mutex mutex;  // a leaf; never held while reading
    Columns cache ABSL_GUARDED_BY(mutex);
    ScalarIndexes scalar_indexes ABSL_GUARDED_BY(mutex);  // by name of the object
    std::shared_ptr<const std::vector<uint32_t>> bloom ABSL_GUARDED_BY(mutex);
    std::shared_ptr<const KeyIndex> key_index ABSL_GUARDED_BY(mutex);
    std::vector<std::string> damaged_indexes ABSL_GUARDED_BY(mutex);  // names of objects
  };

  SealedSegment(SegmentInfo info, std::shared_ptr<Rows> rows);

  absl::StatusOr<std::shared_ptr<const ResidentColumn>> GetColumnById(int32_t field_id,
                                                                      DataType type,
                                                                      const Context& context) const;
  absl::StatusOr<Column> GatherScalars(int32_t field_id, DataType type,
                                       std::span<const uint32_t> rows,
                                       const Context& context) const;
  absl::StatusOr<std::shared_ptr<const std::vector<uint32_t>>> GetBloom(
      const Context& context) const;
  absl::StatusOr<std::shared_ptr<const KeyIndex>> GetKeyIndex(const Context& context) const;
  // The rows of a segment that was taken in were written at the time of that, whatever their column
  // says; of others it says the same.
  bool has_one_time() const { return info_.min_timestamp == info_.max_timestamp; }
  Column OneTime(size_t num_rows) const;
  absl::Status OpenObjects(const Context& context);
  absl::Status ReadDeletes(const Context& context);
  const SegmentIndexInfo* FindIndex(size_t column) const;
  absl::Status AddIndex(size_t column, const Context& context, const LoadHow& how,
                        ResidentField* field) const;
  void ReportDamage(const SegmentIndexInfo& index, const absl::Status& status) const;

  const SegmentInfo info_;
  const std::shared_ptr<Rows> rows_;
};

/// The name of an object of a segment, below the root of the store.
absl::StatusOr<ObjectPath> SegmentObjectPath(const SegmentInfo& info, std::string_view name);

/// How files name a column of a schema, and its type; columns as RowLayout numbers them.
int32_t FieldIdOf(const Schema& schema, size_t column);
DataType TypeOf(const Schema& schema, size_t column);

/// Names of the objects of a segment.
std::string ColumnFileName();
std::string VectorFileName(size_t column);

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_SEALED_SEGMENT_H_
