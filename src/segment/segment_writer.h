#ifndef VECDB_SEGMENT_SEGMENT_WRITER_H_
#define VECDB_SEGMENT_SEGMENT_WRITER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "segment/growing_segment.h"
#include "segment/sealed_segment.h"
#include "vecdb/segment.h"

namespace vecdb::segment {

/// Writes the first `num_rows` rows (at least one) of a segment below `folder`: the columns and
/// each vector field at the same time, `segment.json` last. Deletes are not written. AlreadyExists
/// when the folder has an object of one of the names.
absl::StatusOr<SegmentInfo> WriteRows(const GrowingSegment& rows, uint32_t num_rows,
                                      ObjectStore& store, const ObjectPath& folder,
                                      const Host& host, const Context& context);

/// Writes `segment.json`, which says what a segment is to who finds its objects alone.
absl::Status WriteSegmentJson(const SegmentInfo& info, ObjectStore& store, const Context& context);

/// Writes every delete of a segment up to `as_of`, beside its rows, and returns the info that has
/// them. The same info when there is none.
absl::StatusOr<SegmentInfo> WriteDeletes(const SegmentInfo& info, const base::DeleteTimes& deletes,
                                         uint64_t as_of, ObjectStore& store,
                                         const Context& context);

/// An index that was built and written.
struct BuiltIndex {
  SegmentIndexInfo info{};
  std::shared_ptr<const index::VectorIndex> index{};
};

/// Measures an index over `vectors`, those of a segment, which are in memory, and writes it beside
/// them. Where the memory budget has no room for measuring, it is not.
absl::StatusOr<SegmentIndexInfo> WriteIndex(const SealedSegment& segment, size_t column,
                                            const index::VectorIndex& index,
                                            const index::VectorView& vectors,
                                            const Context& context);

/// The vectors of a segment for BuildIndex: read, or mapped and checked where memory has no room
/// for them beside an index of `spec` that is built without.
absl::StatusOr<std::shared_ptr<const ResidentVectors>> LoadVectorsToIndex(
    const SealedSegment& segment, size_t column, const IndexSpec& spec, const Context& context);

/// Builds an index over the vectors of a segment and writes it beside them. `rows_done` and
/// `source` as in index::BuildVectorIndex.
absl::StatusOr<BuiltIndex> BuildIndex(const SealedSegment& segment, size_t column,
                                      const IndexSpec& spec, const ResidentVectors& vectors,
                                      const Context& context,
                                      std::atomic<uint64_t>* rows_done = nullptr,
                                      const index::IndexSource& source = {});

/// An index that a new segment is to have.
struct WantedIndex {
  size_t column = 0;  ///< a field of the kind that `spec` is for
  IndexSpec spec{};
};

/// WriteRows of all rows, and the building of indexes over them; `segment.json` comes last.
absl::StatusOr<SegmentInfo> WriteSegment(const GrowingSegment& rows,
                                         std::span<const WantedIndex> indexes,
                                         const std::shared_ptr<ObjectStore>& store,
                                         const ObjectPath& folder, const Host& host,
                                         const Context& context);

/// Collects rows for WriteSegment: the inside of SegmentBuilder. For one thread at a time.
class SegmentWriter {
 public:
  SegmentWriter(const Schema& schema, const Host& host);

  absl::Status Add(const RowBatch& rows, uint64_t timestamp);
  absl::Status AddIndex(std::string_view field, const IndexSpec& spec);
  uint64_t num_rows() const { return rows_.num_rows(); }
  absl::StatusOr<SegmentInfo> Finish(std::shared_ptr<ObjectStore> store, const ObjectPath& folder,
                                     const Context& context);

 private:
  Host host_;
  GrowingSegment rows_;
  uint64_t last_timestamp_ = 0;
  bool finished_ = false;
  std::vector<WantedIndex> indexes_;
};

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_SEGMENT_WRITER_H_
