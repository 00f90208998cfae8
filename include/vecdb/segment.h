#ifndef VECDB_SEGMENT_H_
#define VECDB_SEGMENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index.h"
#include "vecdb/index_spec.h"
#include "vecdb/keys.h"
#include "vecdb/object_store.h"
#include "vecdb/row_batch.h"
#include "vecdb/row_filter.h"
#include "vecdb/schema.h"

namespace vecdb {

namespace segment {
class SegmentWriter;
}
namespace api {
struct SegmentState;
}

/// An object that belongs to a segment, and how to tell that it is undamaged.
struct ObjectRef {
  std::string name{};  ///< within the folder of the segment
  uint64_t size_bytes = 0;
  uint64_t checksum = 0;

  friend bool operator==(const ObjectRef&, const ObjectRef&) = default;
};

/// What searches of an index found when it was built: see TargetRecall.
struct RecallPoint {
  uint32_t k = 0;       ///< rows wanted
  uint32_t effort = 0;  ///< ef of HNSW, nprobe of IVF
  double recall = 0;    ///< share of the true nearest k rows that came back, on average

  friend bool operator==(const RecallPoint&, const RecallPoint&) = default;
};

/// An index of one field of a segment.
struct SegmentIndexInfo {
  std::string field{};
  IndexSpec spec{};
  ObjectRef object{};
  /// By k, then by effort; recall rises with effort. Empty where nothing was measured.
  std::vector<RecallPoint> calibration{};

  friend bool operator==(const SegmentIndexInfo&, const SegmentIndexInfo&) = default;
};

/// All that must be kept to open a segment: put it into your own catalog. A value.
///
/// Segments are immutable. BuildIndex and WithDeletes write new objects beside the old and return a
/// new SegmentInfo; the old one stays good for those who still read it.
struct SegmentInfo {
  std::string folder{};  ///< below the root of the store
  Schema schema{};
  uint64_t num_rows = 0;
  uint64_t num_deletes = 0;
  uint64_t min_timestamp = 0;  ///< of the rows; see Database for what timestamps are
  uint64_t max_timestamp = 0;
  std::string min_key{};  ///< smallest primary key, as JSON; "" without rows
  std::string max_key{};
  std::vector<ObjectRef> objects{};  ///< columns and vectors
  std::vector<SegmentIndexInfo> indexes{};
  std::optional<ObjectRef> deletes{};

  uint64_t size_bytes() const;  ///< of all objects

  std::string ToJson() const;
  /// DataLoss when `json` is not what ToJson writes.
  static absl::StatusOr<SegmentInfo> FromJson(std::string_view json);
  /// Reads `segment.json` in `folder`: the segment as Finish wrote it, without later indexes and
  /// deletes. NotFound, or DataLoss when it is damaged.
  static absl::StatusOr<SegmentInfo> Read(ObjectStore& store, const ObjectPath& folder,
                                          const Context& context = {});

  friend bool operator==(const SegmentInfo&, const SegmentInfo&) = default;
};

/// Collects rows and writes them as one segment. For one thread at a time.
///
///     auto builder = SegmentBuilder::Make(schema);
///     (*builder)->Add(batch);
///     auto info = (*builder)->Finish(store, *ObjectPath::Parse("segments/0001"));
///     auto segment = Segment::Open(store, *info);
class SegmentBuilder {
 public:
  /// InvalidArgument when the schema is invalid.
  static absl::StatusOr<std::unique_ptr<SegmentBuilder>> Make(const Schema& schema,
                                                              const Host& host = {});
  ~SegmentBuilder();

  /// Adds rows, whole or not at all. `timestamp` becomes the time of each of them and must not be
  /// smaller than the last one given. InvalidArgument for rows that do not fit the schema,
  /// ResourceExhausted over the budget, FailedPrecondition after Finish.
  absl::Status Add(const RowBatch& rows, uint64_t timestamp = 1);

  /// Asks for an index to be built by Finish. InvalidArgument for an unknown field, a bad spec, or
  /// one that is for another kind of field; AlreadyExists for a second one on a field.
  absl::Status AddIndex(std::string_view field, const IndexSpec& spec);

  uint64_t num_rows() const;

  /// Writes the segment below `folder`, which is to be fresh, and `segment.json` last: without it
  /// what an error leaves there is no segment. The builder is used up. FailedPrecondition without
  /// rows or when called twice; AlreadyExists when the folder has an object of one of the names;
  /// the errors of the store; Cancelled, DeadlineExceeded.
  absl::StatusOr<SegmentInfo> Finish(ObjectStore& store, const ObjectPath& folder,
                                     const Context& context = {});

 private:
  explicit SegmentBuilder(std::unique_ptr<segment::SegmentWriter> writer);
  std::unique_ptr<segment::SegmentWriter> writer_;
};

struct SegmentQuery {
  std::string field{};
  /// One or more query vectors, row-major; borrowed for the call.
  std::span<const float> vectors{};
  int32_t k = 10;
  /// Metric to use; needed when the field has no index, otherwise it must be the index's.
  std::optional<Metric> metric{};
  SearchParams params{};
  /// Rows that may be returned; deleted rows never are. Borrowed for the call.
  std::optional<RowBitmap> allowed{};
  /// Of those, the rows that match.
  RowFilter filter{};
};

/// An immutable set of rows with its vectors, columns, indexes and deletes. Thread-safe.
class Segment {
 public:
  /// Opens a segment; vectors, indexes and keys are read when first needed, or by Load. NotFound
  /// for a missing object, DataLoss for a damaged or foreign one, FailedPrecondition for a newer
  /// format, InvalidArgument for an info whose schema is invalid. `store` must outlive the segment.
  static absl::StatusOr<std::unique_ptr<Segment>> Open(ObjectStore& store, const SegmentInfo& info,
                                                       const Host& host = {},
                                                       const Context& context = {});
  ~Segment();

  const SegmentInfo& info() const;

  /// Reads into memory what searches need, so that the first one does not wait. ResourceExhausted
  /// over the budget.
  absl::Status Load(const Context& context = {}) const;

  /// Finds the nearest live rows of each query, min(k, allowed and live) of them; equal scores by
  /// key. A damaged index is left aside and the rows are compared one by one. NotFound for an
  /// unknown field; InvalidArgument for a mistake in the filter; otherwise errors as Index::Search,
  /// and those of the store.
  absl::StatusOr<Neighbors> Search(const SegmentQuery& query, const Context& context = {}) const;

  /// Finds the live rows that match, in the order of their numbers. InvalidArgument for a mistake
  /// in the filter; otherwise the errors of the store.
  absl::StatusOr<std::vector<uint32_t>> FindMatching(const RowFilter& filter,
                                                     const Context& context = {}) const;

  /// Finds the live rows of these keys, in their order; keys without a row are left out.
  /// InvalidArgument for keys of the other type.
  absl::StatusOr<std::vector<uint32_t>> FindRows(const Keys& keys,
                                                 const Context& context = {}) const;

  /// Reads fields (all when empty) of rows, in their order. NotFound for an unknown field,
  /// OutOfRange for a row that is not there.
  absl::StatusOr<RowBatch> Read(std::span<const uint32_t> rows, std::span<const std::string> fields,
                                const Context& context = {}) const;

  /// Builds an index beside the rows and returns the info that has it. NotFound for an unknown
  /// field, InvalidArgument for a bad spec or one that is for another kind of field, AlreadyExists
  /// when the field has one.
  absl::StatusOr<SegmentInfo> BuildIndex(std::string_view field, const IndexSpec& spec,
                                         const Context& context = {}) const;

  /// Writes an index that was built elsewhere, by IndexBuilder or FromFaiss, beside the rows, and
  /// returns the info that has it; `index` is only read. It must be about the vectors of `field`:
  /// all rows of the segment, deleted ones too, in their order and the same in every bit, which is
  /// looked at. NotFound for an unknown field; InvalidArgument for one of scalars or another dim,
  /// and for other rows, naming the first; AlreadyExists when the field has an index.
  absl::StatusOr<SegmentInfo> AttachIndex(std::string_view field, const Index& index,
                                          const Context& context = {}) const;

  /// Writes the deletes of this segment and those of `rows` at `timestamp`, and returns the info
  /// that has them. Rows that are deleted already keep their time. OutOfRange for a row that is not
  /// there; InvalidArgument for a timestamp of 0 or 2^64 - 1.
  absl::StatusOr<SegmentInfo> WithDeletes(std::span<const uint32_t> rows, uint64_t timestamp,
                                          const Context& context = {}) const;

 private:
  friend absl::StatusOr<SegmentInfo> MergeSegments(std::span<const Segment* const>, ObjectStore&,
                                                   const ObjectPath&, const Host&, const Context&);
  explicit Segment(std::unique_ptr<api::SegmentState> state);

  std::unique_ptr<api::SegmentState> state_;
};

/// Writes the live rows of segments of one schema as one new segment below `folder`, oldest first,
/// with the indexes that all of them have. InvalidArgument for different schemas or no segments;
/// FailedPrecondition when no row is alive; otherwise errors as SegmentBuilder::Finish.
absl::StatusOr<SegmentInfo> MergeSegments(std::span<const Segment* const> segments,
                                          ObjectStore& store, const ObjectPath& folder,
                                          const Host& host = {}, const Context& context = {});

}  // namespace vecdb

#endif  // VECDB_SEGMENT_H_
