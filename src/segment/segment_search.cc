#include "segment/segment_search.h"

#include <algorithm>
#include <memory>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/row_mask.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "index/exact_scan.h"
#include "index/growing_hnsw.h"
#include "index/top_rows.h"
#include "index/vector_index.h"
#include "schema/key.h"
#include "schema/target_recall.h"

namespace vecdb::segment {
namespace {

// Fewer rows are compared one by one, which takes about as long as a walk.
constexpr uint32_t kLeastInterimRows = 1024;

// By key; a host that builds segments itself may have a key in two live rows.
bool KeyLess(const schema::Key& a, uint32_t row_a, const schema::Key& b, uint32_t row_b) {
  return a != b ? a < b : row_a < row_b;
}

// What lies behind a distance and a key. `key_of` gives the key of a row.
template <typename KeyOf>
class KeyPosition final : public index::RowPosition {
 public:
  KeyPosition(const std::optional<std::pair<float, schema::Key>>& after, KeyOf key_of)
      : after_(after), key_of_(key_of) {}
  bool IsBefore(float distance, uint32_t row) const override {
    if (distance != after_->first) return distance > after_->first;
    return after_->second < key_of_(row);
  }
  const index::RowPosition* get() const { return after_.has_value() ? this : nullptr; }

 private:
  const std::optional<std::pair<float, schema::Key>>& after_;
  const KeyOf key_of_;
};

class GrowingKeyOrder final : public index::RowOrder {
 public:
  explicit GrowingKeyOrder(const GrowingSegment& segment) : segment_(segment) {}
  bool Less(uint32_t a, uint32_t b) const override {
    return KeyLess(segment_.key(a), a, segment_.key(b), b);
  }

 private:
  const GrowingSegment& segment_;
};

class SealedKeyOrder final : public index::RowOrder {
 public:
  explicit SealedKeyOrder(const Column& keys) : keys_(keys) {}
  bool Less(uint32_t a, uint32_t b) const override { return KeyLess(keys_[a], a, keys_[b], b); }

 private:
  schema::KeyColumn keys_;
};

// Answers searches of a sealed segment without an index.
absl::Status CompareRows(const index::VectorView& view, const base::RowMask& mask,
                         const index::RowOrder& order, const index::RowLimits& limits,
                         std::span<const SegmentSearch> searches, const Context& context,
                         std::span<std::vector<index::Candidate>> out) {
  for (size_t i = 0; i < searches.size(); ++i) {
    const SegmentSearch& search = searches[i];
    index::TopRows top(search.k, &order, limits);
    uint64_t num_scanned = 0;
    VECDB_RETURN_IF_ERROR(
        index::ScanRows(view, search.metric, search.query, mask, 0, context, &top, &num_scanned));
    if (search.counts != nullptr) *search.counts = {.distances = num_scanned};
    top.Finish(&out[i]);
  }
  return absl::OkStatus();
}

// The parameters of a search in an index: of TargetRecall, those that are to find so much.
SearchParams ParamsIn(const IndexSpec& spec, std::span<const RecallPoint> calibration,
                      const SegmentSearch& search) {
  const auto* target = std::get_if<TargetRecall>(&search.params);
  if (target == nullptr) return search.params;
  return schema::ParamsForTarget(spec, calibration, *target, search.k);
}

// Answers a search by the interim index of its column, where there is one and it may be used, from
// the first rows: returns how many of them need not be compared; of these the first `num_expired`
// have expired. Comparing rows takes no memory: so it stands in where there is none for the index.
absl::StatusOr<uint32_t> SearchInterim(const GrowingSegment& segment, const SegmentSearch& search,
                                       uint32_t num_expired, index::RowQuery query,
                                       const Context& context, std::vector<index::Candidate>* out) {
  if (search.exact || search.after.has_value() || query.mask.num_rows < kLeastInterimRows) return 0;
  const std::shared_ptr<index::GrowingHnsw> interim = segment.interim(search.column);
  if (interim == nullptr || interim->spec().metric != search.metric) return 0;
  query.params = ParamsIn(interim->spec(), {}, search);
  std::vector<uint64_t> alive;
  if (num_expired > 0) {
    alive = base::AllowedFrom(query.mask, num_expired, query.mask.num_rows);
    query.mask.allowed = alive.data();
    query.num_set_bits.reset();
  }
  const absl::StatusOr<uint32_t> num_done = interim->Search(query, context, out);
  if (num_done.ok() || !absl::IsResourceExhausted(num_done.status())) return num_done;
  out->clear();
  if (query.counts != nullptr) *query.counts = {};
  return 0;
}

}  // namespace

absl::Status SearchGrowing(const GrowingSegment& segment, const SegmentSearch& search,
                           const Context& context, std::vector<index::Candidate>* out) {
  out->clear();
  const GrowingKeyOrder order(segment);
  const KeyPosition after(search.after, [&segment](uint32_t row) { return segment.key(row); });
  const index::RowLimits limits{search.range.min_distance, search.range.max_distance, after.get()};
  const base::RowMask mask{
      .num_rows = segment.VisibleRows(search.as_of),
      .allowed = search.allowed,
      .deletes = segment.deletes()->count() > 0 ? segment.deletes().get() : nullptr,
      .as_of = search.as_of};
  const uint32_t num_expired = segment.ExpiredRows(search.alive_from);
  index::SearchCounts counts;
  VECDB_ASSIGN_OR_RETURN(const uint32_t num_done,
                         SearchInterim(segment, search, num_expired,
                                       {.vector = search.query,
                                        .k = search.k,
                                        .mask = mask,
                                        .order = &order,
                                        .limits = limits,
                                        .num_set_bits = search.num_allowed,
                                        .counts = search.counts == nullptr ? nullptr : &counts},
                                       context, out));
  index::TopRows top(search.k, &order, limits);
  for (const index::Candidate& found : *out) top.Offer(found.distance, found.row);
  const int32_t dim = segment.schema().fields[search.column].dim;
  for (const GrowingSegment::VectorRun& run :
       segment.Vectors(search.column, mask.num_rows, std::max(num_done, num_expired))) {
    const index::VectorView view{
        .rows = run.rows, .num_rows = run.num_rows, .dim = dim, .inverse_norms = run.inverse_norms};
    VECDB_RETURN_IF_ERROR(index::ScanRows(view, search.metric, search.query, mask, run.first_row,
                                          context, &top, &counts.distances));
  }
  if (search.counts != nullptr) *search.counts = counts;
  top.Finish(out);
  return absl::OkStatus();
}

absl::Status SearchSealed(const SealedSegment& segment, const Resident& resident,
                          const SegmentSearch& search, const Context& context,
                          std::vector<index::Candidate>* out) {
  return SearchSealedBatch(segment, resident, std::span(&search, 1), context, std::span(out, 1));
}

absl::Status SearchSealedBatch(const SealedSegment& segment, const Resident& resident,
                               std::span<const SegmentSearch> searches, const Context& context,
                               std::span<std::vector<index::Candidate>> out) {
  const SegmentSearch& search = searches.front();
  const ResidentField& field = resident.fields[search.column];
  if (field.vectors == nullptr) {
    return absl::FailedPreconditionError(
        base::StrFormat("field \"%s\" of segment %s is not loaded; call Load",
                        segment.info().schema.fields[search.column].name, segment.info().folder));
  }
  const SealedKeyOrder order(resident.keys->column);
  base::RowMask mask{.num_rows = segment.num_rows(),
                     .allowed = search.allowed,
                     .deletes = segment.deletes()->count() > 0 ? segment.deletes().get() : nullptr,
                     .as_of = search.as_of,
                     .alive_from = search.alive_from};
  std::shared_ptr<const ResidentColumn> times;
  if (segment.NeedsTimestamps(search.as_of, search.alive_from)) {
    VECDB_ASSIGN_OR_RETURN(times, segment.GetTimestamps(context));
    // Timestamps are kept as Int64, whose bits are the same.
    mask.row_times = reinterpret_cast<const uint64_t*>(times->column.int64s().data());
  }
  const schema::KeyColumn keys(resident.keys->column);
  const KeyPosition after(search.after, [&keys](uint32_t row) { return keys[row]; });
  const index::RowLimits limits{search.range.min_distance, search.range.max_distance, after.get()};
  if (field.index == nullptr || search.exact) {
    return CompareRows(field.vectors->view, mask, order, limits, searches, context, out);
  }
  const SearchParams params =
      ParamsIn(field.index->spec(), segment.Calibration(search.column, *field.index), search);
  std::vector<index::RowQuery> queries(searches.size(), {.k = search.k,
                                                         .params = params,
                                                         .mask = mask,
                                                         .order = &order,
                                                         .limits = limits,
                                                         .num_set_bits = search.num_allowed});
  for (size_t i = 0; i < searches.size(); ++i) {
    queries[i].vector = searches[i].query;
    queries[i].counts = searches[i].counts;
  }
  return field.index->SearchBatch(queries, context, out);
}

}  // namespace vecdb::segment
