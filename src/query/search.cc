#include "query/search.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "query/fetch.h"
#include "segment/segment_search.h"

namespace vecdb::query {
namespace {

struct Found {
  float distance = 0;
  RowPlace place{};
};

schema::Key KeyOf(const SegmentView& segment, uint32_t row) {
  if (!segment.reads_sealed()) return segment.growing->key(row);
  return schema::KeyColumn(segment.resident->keys->column)[row];
}

absl::Status SearchSegment(const SegmentView& segment, const segment::SegmentSearch& search,
                           const Context& context, std::vector<index::Candidate>* out) {
  if (!segment.reads_sealed()) return SearchGrowing(*segment.growing, search, context, out);
  return SearchSealed(*segment.sealed, *segment.resident, search, context, out);
}

// The best rows of all segments for one query, in the order of (score, key).
absl::StatusOr<std::vector<Found>> SearchOne(const SnapshotSearch& search, const float* query,
                                             const Context& context) {
  const segment::SegmentSearch one{.column = search.column,
                                   .query = query,
                                   .k = search.offset + search.limit,
                                   .metric = search.metric,
                                   .params = search.params,
                                   .as_of = search.as_of};
  std::vector<Found> found;
  std::vector<index::Candidate> candidates;
  for (uint32_t i = 0; i < search.segments.size(); ++i) {
    const absl::Status& damage = search.segments[i].search_damage();
    if (!damage.ok() && search.allow_partial) continue;
    VECDB_RETURN_IF_ERROR(damage);
    VECDB_RETURN_IF_ERROR(SearchSegment(search.segments[i], one, context, &candidates));
    for (const index::Candidate& candidate : candidates) {
      found.push_back({candidate.distance, {i, candidate.row}});
    }
  }
  if (search.segments.size() > 1) {
    std::sort(found.begin(), found.end(), [&search](const Found& a, const Found& b) {
      if (a.distance != b.distance) return a.distance < b.distance;
      return KeyOf(search.segments[a.place.segment], a.place.row) <
             KeyOf(search.segments[b.place.segment], b.place.row);
    });
  }
  const size_t begin = std::min<size_t>(found.size(), search.offset);
  const size_t end = std::min<size_t>(found.size(), begin + search.limit);
  found.erase(found.begin() + static_cast<ptrdiff_t>(end), found.end());
  found.erase(found.begin(), found.begin() + static_cast<ptrdiff_t>(begin));
  return found;
}

absl::StatusOr<std::vector<std::vector<Found>>> SearchAll(const SnapshotSearch& search,
                                                          const Context& context) {
  const auto dim = static_cast<size_t>(search.schema->fields[search.column].dim);
  std::vector<std::vector<Found>> found(search.vectors.size() / dim);
  VECDB_RETURN_IF_ERROR(base::ParallelFor(
      found.size() > 1 ? search.executor : nullptr, Priority::kSearch, found.size(), context,
      [&](size_t query, size_t) -> absl::Status {
        VECDB_ASSIGN_OR_RETURN(found[query],
                               SearchOne(search, search.vectors.data() + query * dim, context));
        return absl::OkStatus();
      }));
  return found;
}

// Marks the segments whose rows among `places` cannot be read; false when there is none.
bool MarkUnreadable(const SnapshotSearch& search, std::span<const RowPlace> places,
                    const Context& context, std::vector<SegmentView>* segments) {
  bool marked = false;
  for (uint32_t i = 0; i < segments->size(); ++i) {
    std::vector<RowPlace> of_segment;
    std::copy_if(places.begin(), places.end(), std::back_inserter(of_segment),
                 [i](const RowPlace& place) { return place.segment == i; });
    const absl::Status read =
        FetchRows(search.schema, search.segments, of_segment, search.output_columns, context)
            .status();
    if (!absl::IsDataLoss(read)) continue;
    (*segments)[i].load_damage = read;
    marked = true;
  }
  return marked;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResultRows>> Search(const SnapshotSearch& search,
                                                   const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto found, SearchAll(search, context));
  std::vector<RowPlace> places;
  for (const auto& hits : found) {
    for (const Found& hit : hits) places.push_back(hit.place);
  }
  auto rows = FetchRows(search.schema, search.segments, places, search.output_columns, context);
  if (absl::IsDataLoss(rows.status()) && search.allow_partial) {
    // Damage that shows only now: the segments it is in are left out, and others give their hits.
    std::vector<SegmentView> segments(search.segments.begin(), search.segments.end());
    if (!MarkUnreadable(search, places, context, &segments)) return rows.status();
    SnapshotSearch rest = search;
    rest.segments = segments;
    return Search(rest, context);
  }
  VECDB_RETURN_IF_ERROR(rows.status());
  auto result = std::make_unique<ResultRows>(*std::move(rows));
  result->keys = result->rows.column(search.schema->fields[search.output_columns[0]].name);
  result->partial =
      std::any_of(search.segments.begin(), search.segments.end(),
                  [](const SegmentView& segment) { return !segment.search_damage().ok(); });
  result->hits.reserve(places.size());
  result->ends.reserve(found.size());
  for (const auto& hits : found) {
    for (const Found& hit : hits) {
      const float score = index::ScoreOf(search.metric, hit.distance);
      result->hits.emplace_back(score, result->hits.size(), result.get());
    }
    result->ends.push_back(result->hits.size());
  }
  return result;
}

}  // namespace vecdb::query
