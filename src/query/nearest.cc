#include "query/nearest.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "segment/segment_search.h"

namespace vecdb::query {
namespace {

schema::Key KeyOf(const SegmentView& segment, uint32_t row) {
  if (!segment.reads_sealed()) return segment.growing->key(row);
  return schema::KeyColumn(segment.resident->keys->column)[row];
}

absl::Status SearchEach(const SegmentView& segment,
                        std::span<const segment::SegmentSearch> searches, const Context& context,
                        std::span<std::vector<index::Candidate>> out) {
  if (segment.reads_sealed()) {
    return SearchSealedBatch(*segment.sealed, *segment.resident, searches, context, out);
  }
  for (size_t i = 0; i < searches.size(); ++i) {
    VECDB_RETURN_IF_ERROR(SearchGrowing(*segment.growing, searches[i], context, &out[i]));
  }
  return absl::OkStatus();
}

// Reads the times of the rows when some are later than the search or have expired, as SearchSealed
// will.
absl::Status ReadTimes(const SegmentView& segment, const SnapshotSearch& search,
                       const Context& context) {
  if (!segment.reads_sealed() ||
      !segment.sealed->NeedsTimestamps(search.as_of, search.alive_from)) {
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
  stats->page_reads += counts.page_reads;
  stats->page_hits += counts.page_hits;
  stats->page_bytes += counts.page_bytes;
  stats->page_depth += counts.page_depth;
}

// The best rows of a segment for each of the queries.
absl::Status SearchSegment(const SnapshotSearch& search, const Selection& selection, size_t number,
                           std::span<const float> queries, uint32_t k, const Context& context,
                           std::span<std::vector<index::Candidate>> candidates,
                           SegmentSearchStats* stats) {
  const SegmentView& segment = search.segments[number];
  std::vector<index::SearchCounts> counts(candidates.size());
  std::vector<segment::SegmentSearch> searches(candidates.size(),
                                               {.column = search.column,
                                                .k = k,
                                                .metric = search.metric,
                                                .params = search.params,
                                                .allowed = selection.words(),
                                                .num_allowed = selection.count(),
                                                .range = search.range,
                                                .exact = search.exact,
                                                .after = search.after,
                                                .as_of = search.as_of,
                                                .alive_from = search.alive_from});
  const size_t dim = queries.size() / searches.size();
  for (size_t i = 0; i < searches.size(); ++i) {
    searches[i].query = queries.data() + i * dim;
    searches[i].counts = &counts[i];
  }
  const absl::Status searched = SearchEach(segment, searches, context, candidates);
  if (absl::IsDataLoss(searched)) {
    return absl::DataLossError(
        base::StrFormat("segment %s: %s", segment.id(), std::string(searched.message())));
  }
  VECDB_RETURN_IF_ERROR(searched);
  for (const index::SearchCounts& of_query : counts) AddCounts(of_query, stats);
  return absl::OkStatus();
}

// The rows of all segments, unordered where there are several, become the answer.
void KeepBest(const SnapshotSearch& search, uint32_t k, std::vector<Found>* found) {
  if (search.segments.size() > 1) {
    std::sort(found->begin(), found->end(),
              [&search](const Found& a, const Found& b) { return ComesBefore(search, a, b); });
  }
  if (found->size() > k) found->resize(k);
}

}  // namespace

bool ComesBefore(const SnapshotSearch& search, const Found& a, const Found& b) {
  return ComesBefore(a, b, [&search](const RowPlace& place) {
    return KeyOf(search.segments[place.segment], place.row);
  });
}

absl::StatusOr<Selections> SelectAll(const SnapshotSearch& search, const Context& context) {
  Selections selections;
  selections.skipped.resize(search.segments.size());
  for (size_t i = 0; i < search.segments.size(); ++i) {
    const SegmentView& segment = search.segments[i];
    const auto select = [&]() -> absl::StatusOr<Selection> {
      VECDB_RETURN_IF_ERROR(segment.search_damage());
      if (segment.AllExpired(search.alive_from)) return Selection{};
      VECDB_ASSIGN_OR_RETURN(Selection selected,
                             SelectRows(segment, search.filter, search.as_of, context));
      if (!selected.none()) VECDB_RETURN_IF_ERROR(ReadTimes(segment, search, context));
      return selected;
    };
    absl::StatusOr<Selection> selection = select();
    selections.skipped[i] = absl::IsDataLoss(selection.status()) && search.allow_partial;
    if (!selections.skipped[i]) VECDB_RETURN_IF_ERROR(selection.status());
    selections.segments.push_back(selection.ok() ? *std::move(selection) : Selection());
  }
  return selections;
}

absl::StatusOr<std::vector<std::vector<Found>>> FindNearest(const SnapshotSearch& search,
                                                            const Selections& selections,
                                                            std::span<const float> queries,
                                                            uint32_t k, const Context& context,
                                                            std::span<SegmentSearchStats> stats) {
  const auto dim = static_cast<size_t>(search.schema->fields[search.column].dim);
  std::vector<std::vector<Found>> found(queries.size() / dim);
  std::vector<std::vector<index::Candidate>> candidates(found.size());
  for (uint32_t i = 0; i < search.segments.size(); ++i) {
    if (selections.skipped[i] || selections.segments[i].none()) continue;
    if (search.segments[i].AllExpired(search.alive_from)) continue;
    const auto begin = std::chrono::steady_clock::now();
    VECDB_RETURN_IF_ERROR(SearchSegment(search, selections.segments[i], i, queries, k, context,
                                        candidates, &stats[i]));
    stats[i].search_ms +=
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    for (size_t query = 0; query < found.size(); ++query) {
      for (const index::Candidate& candidate : candidates[query]) {
        found[query].push_back({candidate.distance, {i, candidate.row}});
      }
    }
  }
  for (std::vector<Found>& of_query : found) KeepBest(search, k, &of_query);
  return found;
}

}  // namespace vecdb::query
