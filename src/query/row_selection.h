#ifndef VECDB_QUERY_ROW_SELECTION_H_
#define VECDB_QUERY_ROW_SELECTION_H_

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/row_mask.h"
#include "base/status_macros.h"
#include "query/segment_view.h"
#include "segment/filter_bitmap.h"
#include "vecdb/context.h"
#include "vecdb/row_filter.h"
#include "vecdb/schema.h"
#include "vecdb/search_stats.h"

namespace vecdb::query {

/// A filter that has been checked against the schema of what it is used on. A value.
class BoundFilter {
 public:
  /// Matches every row.
  BoundFilter() = default;

  /// Errors as RowFilter::Resolve.
  static absl::StatusOr<BoundFilter> Make(const RowFilter& filter, const Schema& schema);

  bool matches_all() const { return !custom_ && filter_.condition() == nullptr; }
  /// In normal form; "" when it matches every row, and of a callback.
  std::string_view text() const;

  const Filter& filter() const { return filter_; }
  const RowFilter::Callback& custom() const { return custom_; }

 private:
  Filter filter_;
  RowFilter::Callback custom_;
};

/// The rows of one segment that a filter matches, alive or not.
struct Selection {
  /// Null: all of them.
  std::shared_ptr<const segment::FilterBitmap> bitmap{};
  bool cached = false;
  double filter_ms = 0;

  bool none() const { return bitmap != nullptr && bitmap->count == 0; }
  const uint64_t* words() const { return bitmap == nullptr ? nullptr : bitmap->words.data(); }
  /// How many there are, when that is known.
  std::optional<uint64_t> count() const {
    return bitmap == nullptr ? std::nullopt : std::optional<uint64_t>(bitmap->count);
  }
};

/// Evaluates a filter over a segment that is not damaged; of growing rows over those that are there
/// at `as_of`. Sealed segments remember the answer. The errors of the store and of the callback,
/// ResourceExhausted, Cancelled, DeadlineExceeded.
absl::StatusOr<Selection> SelectRows(const SegmentView& segment, const BoundFilter& filter,
                                     uint64_t as_of, const Context& context);

/// The selected rows that a further filter matches, too; nothing of it is remembered.
absl::StatusOr<Selection> SelectBoth(const SegmentView& segment, const Selection& selection,
                                     const BoundFilter& filter, uint64_t as_of,
                                     const Context& context);

/// The rows of a segment that are alive at a time and selected.
struct LiveRows {
  base::RowMask mask{};
  std::shared_ptr<const segment::ResidentColumn> times{};  ///< what the mask borrows
  Selection selection{};                                   ///< the same
  uint32_t first_row = 0;                                  ///< growing rows before have expired

  /// Rows of the segment between two looks at the context, whether they are alive or not.
  static constexpr uint32_t kRowsPerPoll = 64 << 10;

  /// How many there are. Cancelled, DeadlineExceeded.
  absl::StatusOr<uint64_t> Count(const Context& context) const;

  /// Calls `visit(row)` for each, in order, until it gives false. Cancelled, DeadlineExceeded.
  template <typename Visit>
  absl::Status ForEach(const Context& context, Visit visit) const {
    for (uint32_t first = first_row / 64 * 64; first < mask.num_rows; first += 64) {
      if (first % kRowsPerPoll == 0) VECDB_RETURN_IF_ERROR(context.Check());
      uint64_t word = mask.allowed == nullptr ? ~uint64_t{0} : mask.allowed[first / 64];
      if (first < first_row) word &= ~uint64_t{0} << (first_row % 64);
      for (; word != 0; word &= word - 1) {
        const uint32_t row = first + static_cast<uint32_t>(std::countr_zero(word));
        if (row >= mask.num_rows) break;
        if (mask.Contains(row) && !visit(row)) return absl::OkStatus();
      }
    }
    return absl::OkStatus();
  }
};

/// Of a segment that is not damaged. Rows that were written before `alive_from` are none.
absl::StatusOr<LiveRows> FindLiveRows(const SegmentView& segment, Selection selection,
                                      uint64_t as_of, uint64_t alive_from, const Context& context);
absl::StatusOr<LiveRows> FindLiveRows(const SegmentView& segment, const BoundFilter& filter,
                                      uint64_t as_of, uint64_t alive_from, const Context& context);

/// Adds what the evaluation of a filter did in a segment to statistics.
SegmentSearchStats StatsOf(const SegmentView& segment, const Selection& selection);

}  // namespace vecdb::query

#endif  // VECDB_QUERY_ROW_SELECTION_H_
