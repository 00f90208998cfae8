#ifndef VECDB_QUERY_SEGMENT_VIEW_H_
#define VECDB_QUERY_SEGMENT_VIEW_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schema/key.h"
#include "segment/growing_segment.h"
#include "segment/sealed_segment.h"
#include "vecdb/context.h"
#include "vecdb/row_batch.h"

namespace vecdb::query {

/// A segment as a reader meets it: growing rows, sealed rows, or for a moment both, the growing
/// rows being searched until the sealed ones are resident. A value that keeps its parts alive.
struct SegmentView {
  int32_t shard = 0;
  std::shared_ptr<const segment::GrowingSegment> growing{};
  std::shared_ptr<const segment::SealedSegment> sealed{};
  std::shared_ptr<const segment::Resident>
      resident{};  ///< of `sealed`; null while it is not loaded
  /// DataLoss when its files are damaged or gone: nothing can be read of it, there is this info
  /// instead of rows.
  absl::Status damage{};
  std::shared_ptr<const SegmentInfo> damaged_info{};
  /// DataLoss when its rows can be read by key, and what searches need could not be loaded.
  absl::Status load_damage{};

  /// Why searches cannot read it; OK when they can.
  const absl::Status& search_damage() const { return damage.ok() ? load_damage : damage; }

  /// True when the sealed rows answer searches.
  bool reads_sealed() const { return resident != nullptr || growing == nullptr; }

  /// The name of its folder; "" while its rows are in memory alone.
  std::string id() const;

  uint64_t num_rows() const { return reads_sealed() ? sealed->num_rows() : growing->num_rows(); }
  const std::shared_ptr<base::DeleteTimes>& deletes() const {
    return growing != nullptr ? growing->deletes() : sealed->deletes();
  }

  /// The row of a key that is alive at `as_of`.
  absl::StatusOr<std::optional<uint32_t>> FindRow(const schema::Key& key, uint64_t as_of,
                                                  const Context& context) const;

  /// True when every row was written before `alive_from`.
  bool AllExpired(uint64_t alive_from) const;

  /// Which of `rows` were written before `alive_from`.
  absl::StatusOr<std::vector<bool>> FindExpired(std::span<const uint32_t> rows, uint64_t alive_from,
                                                const Context& context) const;

  /// Values of some rows.
  absl::StatusOr<Column> Gather(size_t column, std::span<const uint32_t> rows,
                                const Context& context) const;
};

}  // namespace vecdb::query

#endif  // VECDB_QUERY_SEGMENT_VIEW_H_
