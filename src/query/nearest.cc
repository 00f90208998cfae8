#include "query/nearest.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/status_macros.h"
#include "segment/segment_search.h"

namespace vecdb::query {
namespace {

schema::Key KeyOf(const SegmentView& segment, uint32_t row) {
  if (!segment.reads_sealed()) return segment.growing->key(row);
  return schema::KeyColumn(segment.resident->keys->column)[row];
}

absl::Status SearchSegment(const SegmentView& segment, const segment::SegmentSearch& search,
                           const Context& context, std::vector<index::Candidate>* out) {
  if (!segment.reads_sealed()) return SearchGrowing(*segment.growing, search, context, out);
  return SearchSealed(*segment.sealed, *segment.resident, search, context, out);
}

// Reads the times of the rows when some are later than the search, as SearchSealed will.
absl::Status ReadTimes(const SegmentView& segment, uint64_t as_of, const Context& context) {
  if (!segment.reads_sealed() || as_of >= segment.sealed->info().max_timestamp) {
    return absl::OkStatus();
  }
  return segment.sealed->GetTimestamps(context).status();
}

void AddCounts(const index::SearchCounts& counts, SegmentSearchStats* stats) {
  switch (counts.plan) {
    case index::SearchPlan::kExactScan:
      stats->plan = SearchPlan::kExactScan;
      break;
    case index::SearchPlan::kWalk:
      stats->plan = SearchPlan::kIndex;
      break;
    case index::SearchPlan::kFilteredWalk:
      stats->plan = SearchPlan::kFilteredIndex;
      break;
    case index::SearchPlan::kWalkThenScan:
      stats->plan = SearchPlan::kIndexThenScan;
      break;
  }
  stats->distances += counts.distances;
}

}  // namespace

bool ComesBefore(const SnapshotSearch& search, const Found& a, const Found& b) {
  if (a.distance != b.distance) return a.distance < b.distance;
  return KeyOf(search.segments[a.place.segment], a.place.row) <
         KeyOf(search.segments[b.place.segment], b.place.row);
}

absl::StatusOr<Selections> SelectAll(const SnapshotSearch& search, const Context& context) {
  Selections selections;
  selections.skipped.resize(search.segments.size());
  for (size_t i = 0; i < search.segments.size(); ++i) {
    const SegmentView& segment = search.segments[i];
    const auto select = [&]() -> absl::StatusOr<Selection> {
      VECDB_RETURN_IF_ERROR(segment.search_damage());
      VECDB_ASSIGN_OR_RETURN(Selection selected,
                             SelectRows(segment, search.filter, search.as_of, context));
      if (!selected.none()) VECDB_RETURN_IF_ERROR(ReadTimes(segment, search.as_of, context));
      return selected;
    };
    absl::StatusOr<Selection> selection = select();
    selections.skipped[i] = absl::IsDataLoss(selection.status()) && search.allow_partial;
    if (!selections.skipped[i]) VECDB_RETURN_IF_ERROR(selection.status());
    selections.segments.push_back(selection.ok() ? *std::move(selection) : Selection());
  }
  return selections;
}

absl::StatusOr<std::vector<Found>> FindNearest(const SnapshotSearch& search,
                                               const Selections& selections, const float* query,
                                               uint32_t k, const Context& context,
                                               std::span<SegmentSearchStats> stats) {
  segment::SegmentSearch one{.column = search.column,
                             .query = query,
                             .k = k,
                             .metric = search.metric,
                             .params = search.params,
                             .range = search.range,
                             .exact = search.exact,
                             .after = search.after,
                             .as_of = search.as_of};
  std::vector<Found> found;
  std::vector<index::Candidate> candidates;
  for (uint32_t i = 0; i < search.segments.size(); ++i) {
    const Selection& selection = selections.segments[i];
    if (selections.skipped[i] || selection.none()) continue;
    one.allowed = selection.words();
    one.num_allowed = selection.count();
    index::SearchCounts counts;
    one.counts = &counts;
    const auto begin = std::chrono::steady_clock::now();
    const absl::Status searched = SearchSegment(search.segments[i], one, context, &candidates);
    if (absl::IsDataLoss(searched)) {
      return absl::DataLossError(absl::StrFormat("segment %s: %s", search.segments[i].id(),
                                                 std::string(searched.message())));
    }
    VECDB_RETURN_IF_ERROR(searched);
    AddCounts(counts, &stats[i]);
    stats[i].search_ms +=
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    for (const index::Candidate& candidate : candidates) {
      found.push_back({candidate.distance, {i, candidate.row}});
    }
  }
  if (search.segments.size() > 1) {
    std::sort(found.begin(), found.end(),
              [&search](const Found& a, const Found& b) { return ComesBefore(search, a, b); });
  }
  if (found.size() > k) found.resize(k);
  return found;
}

}  // namespace vecdb::query
