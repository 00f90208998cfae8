#include "query/row_selection.h"

#include <bit>
#include <chrono>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "filter/condition.h"
#include "filter/evaluate.h"
#include "filter/program.h"
#include "query/segment_keys.h"
#include "segment/growing_columns.h"
#include "segment/sealed_columns.h"
#include "simd/select.h"

namespace vecdb::query {
namespace {

using Clock = std::chrono::steady_clock;

double MillisSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// The rows of a segment as the host's callback sees them.
class HostRows final : public FilteredRows {
 public:
  HostRows(const SegmentView& segment, uint32_t num_rows, SegmentKeys keys)
      : id_(segment.id()), num_rows_(num_rows), keys_(std::move(keys)) {}

  std::string_view segment() const override { return id_; }
  uint32_t num_rows() const override { return num_rows_; }
  int64_t int64_key(uint32_t row) const override { return keys_[row].int64(); }
  std::string_view varchar_key(uint32_t row) const override { return keys_[row].varchar(); }

 private:
  const std::string id_;
  const uint32_t num_rows_;
  const SegmentKeys keys_;
};

uint32_t NumRows(const SegmentView& segment, uint64_t as_of) {
  return segment.reads_sealed() ? segment.sealed->num_rows() : segment.growing->VisibleRows(as_of);
}

absl::Status AskHost(const SegmentView& segment, const BoundFilter& filter, uint32_t num_rows,
                     const Context& context, segment::FilterBitmap* bitmap) {
  VECDB_ASSIGN_OR_RETURN(SegmentKeys keys, SegmentKeys::Open(segment, context));
  VECDB_RETURN_IF_ERROR(
      filter.custom()(HostRows(segment, num_rows, std::move(keys)), std::span(bitmap->words)));
  // Bits beyond the rows are the host's to set, and nobody's to count.
  if (const uint32_t rest = num_rows % 64; rest != 0) {
    bitmap->words.back() &= (uint64_t{1} << rest) - 1;
  }
  bitmap->count = simd::CountBits(bitmap->words.data(), bitmap->words.size());
  return absl::OkStatus();
}

absl::Status EvaluateFilter(const SegmentView& segment, const BoundFilter& filter,
                            uint32_t num_rows, const Context& context,
                            segment::FilterBitmap* bitmap) {
  const filter::Program& program = *filter.filter().condition()->program();
  std::unique_ptr<filter::ColumnSource> source;
  if (segment.reads_sealed()) {
    VECDB_ASSIGN_OR_RETURN(
        source, segment::SealedColumns::Open(segment.sealed, program.columns(), context));
  } else {
    source = std::make_unique<segment::GrowingColumns>(segment.growing, num_rows);
  }
  filter::EvaluationStats stats;
  VECDB_RETURN_IF_ERROR(
      filter::Evaluate(program, *source, context, std::span(bitmap->words), &stats));
  bitmap->estimated_selectivity = stats.estimated_selectivity;
  bitmap->blocks_pruned = stats.blocks_pruned;
  bitmap->blocks_evaluated = stats.blocks_evaluated;
  bitmap->scalar_index = stats.used_index;
  bitmap->count = stats.rows_matched;
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<segment::FilterBitmap>> FindMatches(const SegmentView& segment,
                                                                   const BoundFilter& filter,
                                                                   uint64_t as_of,
                                                                   const Context& context) {
  const uint32_t num_rows = NumRows(segment, as_of);
  auto bitmap = std::make_shared<segment::FilterBitmap>();
  bitmap->words.resize((num_rows + 63) / 64);
  VECDB_RETURN_IF_ERROR(filter.custom()
                            ? AskHost(segment, filter, num_rows, context, bitmap.get())
                            : EvaluateFilter(segment, filter, num_rows, context, bitmap.get()));
  return bitmap;
}

}  // namespace

absl::StatusOr<BoundFilter> BoundFilter::Make(const RowFilter& filter, const Schema& schema) {
  BoundFilter bound;
  if (filter.callback() != nullptr) {
    if (*filter.callback() == nullptr) {
      return absl::InvalidArgumentError("filter: the callback is empty");
    }
    bound.custom_ = *filter.callback();
    return bound;
  }
  VECDB_ASSIGN_OR_RETURN(bound.filter_, filter.Resolve(schema));
  return bound;
}

std::string_view BoundFilter::text() const {
  if (filter_.condition() == nullptr) return {};
  return filter_.condition()->normal_form();
}

absl::StatusOr<Selection> SelectRows(const SegmentView& segment, const BoundFilter& filter,
                                     uint64_t as_of, const Context& context) {
  Selection selection;
  if (filter.matches_all()) return selection;
  const Clock::time_point begin = Clock::now();
  const bool remembers = segment.reads_sealed() && !filter.custom();
  if (remembers) selection.bitmap = segment.sealed->bitmaps().Find(filter.text());
  selection.cached = selection.bitmap != nullptr;
  if (!selection.cached) {
    VECDB_ASSIGN_OR_RETURN(auto bitmap, FindMatches(segment, filter, as_of, context));
    selection.bitmap = std::move(bitmap);
    if (remembers) segment.sealed->bitmaps().Add(filter.text(), selection.bitmap);
  }
  selection.filter_ms = MillisSince(begin);
  return selection;
}

absl::StatusOr<Selection> SelectBoth(const SegmentView& segment, const Selection& selection,
                                     const BoundFilter& filter, uint64_t as_of,
                                     const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto bitmap, FindMatches(segment, filter, as_of, context));
  if (const uint64_t* words = selection.words(); words != nullptr) {
    for (size_t i = 0; i < bitmap->words.size(); ++i) bitmap->words[i] &= words[i];
    bitmap->count = simd::CountBits(bitmap->words.data(), bitmap->words.size());
  }
  Selection both = selection;
  both.bitmap = std::move(bitmap);
  return both;
}

absl::StatusOr<uint64_t> LiveRows::Count(const Context& context) const {
  const bool all_alive = first_row == 0 && mask.row_times == nullptr &&
                         (mask.deletes == nullptr || mask.deletes->count() == 0);
  if (all_alive) return selection.count().value_or(mask.num_rows);
  uint64_t count = 0;
  VECDB_RETURN_IF_ERROR(ForEach(context, [&count](uint32_t) {
    ++count;
    return true;
  }));
  return count;
}

absl::StatusOr<LiveRows> FindLiveRows(const SegmentView& segment, Selection selection,
                                      uint64_t as_of, uint64_t alive_from, const Context& context) {
  LiveRows live{.mask = {.num_rows = NumRows(segment, as_of),
                         .deletes = segment.deletes().get(),
                         .as_of = as_of,
                         .alive_from = alive_from},
                .selection = std::move(selection)};
  live.mask.allowed = live.selection.words();
  if (!segment.reads_sealed()) {
    live.first_row = segment.growing->ExpiredRows(alive_from);
    return live;
  }
  if (segment.sealed->NeedsTimestamps(as_of, alive_from)) {
    VECDB_ASSIGN_OR_RETURN(live.times, segment.sealed->GetTimestamps(context));
    // Timestamps are kept as Int64, whose bits are the same.
    live.mask.row_times = reinterpret_cast<const uint64_t*>(live.times->column.int64s().data());
  }
  return live;
}

absl::StatusOr<LiveRows> FindLiveRows(const SegmentView& segment, const BoundFilter& filter,
                                      uint64_t as_of, uint64_t alive_from, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(Selection selection, SelectRows(segment, filter, as_of, context));
  return FindLiveRows(segment, std::move(selection), as_of, alive_from, context);
}

SegmentSearchStats StatsOf(const SegmentView& segment, const Selection& selection) {
  SegmentSearchStats stats{.segment = segment.id(), .num_rows = segment.num_rows()};
  stats.matching_rows = selection.count().value_or(stats.num_rows);
  stats.filter_cached = selection.cached;
  stats.filter_ms = selection.filter_ms;
  if (selection.bitmap == nullptr) return stats;
  stats.estimated_selectivity = selection.bitmap->estimated_selectivity;
  stats.scalar_index = selection.bitmap->scalar_index;
  if (selection.cached) return stats;
  stats.blocks_pruned = selection.bitmap->blocks_pruned;
  stats.blocks_evaluated = selection.bitmap->blocks_evaluated;
  return stats;
}

}  // namespace vecdb::query
