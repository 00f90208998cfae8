#include "query/search.h"

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>

#include "base/mutex.h"
#include "base/status_macros.h"
#include "index/query_pieces.h"
#include "query/fetch.h"
#include "query/grouped.h"
#include "schema/column_block.h"

namespace vecdb::query {
namespace {

using Clock = std::chrono::steady_clock;

// The milliseconds since `*begin`, which becomes now.
double Lap(Clock::time_point* begin) {
  const Clock::time_point now = Clock::now();
  return std::chrono::duration<double, std::milli>(now - std::exchange(*begin, now)).count();
}

// The hits of each query, and what all took in each segment.
struct Answers {
  std::vector<std::vector<Found>> hits{};
  std::vector<SegmentSearchStats> stats{};
};

using HitsOfQueries = absl::StatusOr<std::vector<std::vector<Found>>>;

HitsOfQueries FindAllGrouped(const SnapshotSearch& search, const Selections& selections,
                             std::span<const float> queries, const Context& context,
                             std::span<SegmentSearchStats> stats) {
  const auto dim = static_cast<size_t>(search.schema->fields[search.column].dim);
  std::vector<std::vector<Found>> hits(queries.size() / dim);
  for (size_t i = 0; i < hits.size(); ++i) {
    VECDB_ASSIGN_OR_RETURN(
        hits[i], FindGrouped(search, selections, queries.subspan(i * dim, dim), context, stats));
  }
  return hits;
}

HitsOfQueries FindPage(const SnapshotSearch& search, const Selections& selections,
                       std::span<const float> queries, const Context& context,
                       std::span<SegmentSearchStats> stats) {
  VECDB_ASSIGN_OR_RETURN(auto hits, FindNearest(search, selections, queries,
                                                search.offset + search.limit, context, stats));
  for (std::vector<Found>& found : hits) {
    const size_t begin = std::min<size_t>(found.size(), search.offset);
    found.erase(found.begin(), found.begin() + static_cast<ptrdiff_t>(begin));
  }
  return hits;
}

// Adds what a piece of the queries took.
void AddStats(std::span<const SegmentSearchStats> piece, std::span<SegmentSearchStats> all) {
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].plan = piece[i].plan;
    all[i].distances += piece[i].distances;
    all[i].page_reads += piece[i].page_reads;
    all[i].page_hits += piece[i].page_hits;
    all[i].page_bytes += piece[i].page_bytes;
    all[i].page_depth += piece[i].page_depth;
    all[i].search_ms += piece[i].search_ms;
  }
}

absl::StatusOr<Answers> SearchAll(const SnapshotSearch& search, const Selections& selections,
                                  const Context& context) {
  const auto dim = static_cast<size_t>(search.schema->fields[search.column].dim);
  Answers answers;
  answers.hits.resize(search.vectors.size() / dim);
  answers.stats.resize(search.segments.size());
  base::Mutex mutex;  // of answers.stats
  VECDB_RETURN_IF_ERROR(index::ForQueryPieces(
      search.executor, answers.hits.size(), context, [&](index::QueryPiece piece) -> absl::Status {
        const auto queries = search.vectors.subspan(piece.begin * dim, piece.count * dim);
        std::vector<SegmentSearchStats> stats(search.segments.size());
        const auto find = search.group_column.has_value() ? FindAllGrouped : FindPage;
        VECDB_ASSIGN_OR_RETURN(auto hits, find(search, selections, queries, context, stats));
        std::move(hits.begin(), hits.end(),
                  answers.hits.begin() + static_cast<ptrdiff_t>(piece.begin));
        const base::MutexLock lock(&mutex);
        AddStats(stats, answers.stats);
        return absl::OkStatus();
      }));
  return answers;
}

SearchStats StatsOf(const SnapshotSearch& search, const Selections& selections,
                    std::span<const SegmentSearchStats> found) {
  SearchStats stats{.filter = std::string(search.filter.text())};
  for (size_t i = 0; i < search.segments.size(); ++i) {
    if (selections.skipped[i]) continue;
    SegmentSearchStats segment = StatsOf(search.segments[i], selections.segments[i]);
    AddStats(found.subspan(i, 1), std::span(&segment, 1));
    stats.segments.push_back(std::move(segment));
  }
  return stats;
}

ResultShape ShapeOf(const SnapshotSearch& search) {
  ResultShape shape{.metric = search.metric,
                    .limit = static_cast<int32_t>(search.limit),
                    .offset = static_cast<int32_t>(search.offset)};
  if (search.group_column.has_value()) {
    shape.group_by = search.schema->fields[*search.group_column].name;
    shape.group_size = static_cast<int32_t>(search.group_size);
  }
  return shape;
}

// Reads all values of a column of a segment, unless that is left out anyway.
absl::Status ReadColumn(const SegmentView& segment, size_t column, const Context& context) {
  if (!segment.reads_sealed() || !segment.search_damage().ok()) return absl::OkStatus();
  const segment::SealedSegment& sealed = *segment.sealed;
  const int32_t field_id = segment::FieldIdOf(sealed.info().schema, column);
  const DataType type = segment::TypeOf(sealed.info().schema, column);
  VECDB_RETURN_IF_ERROR(sealed.blocks().Summary(field_id, type, context).status());
  for (uint64_t row = 0; row < sealed.num_rows(); row += schema::kBlockRows) {
    const auto block = static_cast<uint32_t>(row / schema::kBlockRows);
    VECDB_RETURN_IF_ERROR(sealed.blocks().Read(field_id, type, block, context).status());
  }
  return absl::OkStatus();
}

// Marks the segments in which the column to group by cannot be read; false when there is none.
bool MarkUngroupable(const SnapshotSearch& search, const Context& context,
                     std::span<SegmentView> segments) {
  if (!search.group_column.has_value()) return false;
  bool marked = false;
  for (SegmentView& segment : segments) {
    const absl::Status read = ReadColumn(segment, *search.group_column, context);
    if (!absl::IsDataLoss(read)) continue;
    segment.load_damage = read;
    marked = true;
  }
  return marked;
}

// Marks the segments whose vectors are read row by row and cannot all be; false when there is none.
bool MarkUnsearchable(const SnapshotSearch& search, const Context& context,
                      std::span<SegmentView> segments) {
  bool marked = false;
  for (SegmentView& segment : segments) {
    if (!segment.reads_sealed() || !segment.search_damage().ok()) continue;
    const auto& vectors = segment.resident->fields[search.column].vectors;
    if (vectors == nullptr || vectors->view.rows != nullptr) continue;
    const absl::Status read = segment.sealed->VerifyVectors(search.column, context);
    if (!absl::IsDataLoss(read)) continue;
    segment.load_damage = read;
    marked = true;
  }
  return marked;
}

// The answer when damage shows only during a search, which ended with `error`: the segments that
// `mark` finds it in are left out, and `again` searches the others.
template <typename Mark, typename Again>
std::invoke_result_t<Again, const SnapshotSearch&> SearchRest(const SnapshotSearch& search,
                                                              const absl::Status& error, Mark mark,
                                                              Again again) {
  if (!absl::IsDataLoss(error) || !search.allow_partial) return error;
  std::vector<SegmentView> segments(search.segments.begin(), search.segments.end());
  if (!mark(std::span(segments))) return error;
  SnapshotSearch rest = search;
  rest.segments = segments;
  return again(rest);
}

// The rows of the hits of all queries, with their fields.
absl::StatusOr<std::unique_ptr<ResultRows>> FetchAll(const SnapshotSearch& search,
                                                     std::span<const Found> hits,
                                                     const Context& context) {
  std::vector<RowPlace> places;
  for (const Found& hit : hits) places.push_back(hit.place);
  VECDB_ASSIGN_OR_RETURN(RowBatch rows, FetchRows(search.schema, search.segments, places,
                                                  search.output_columns, context));
  auto result = std::make_unique<ResultRows>(std::move(rows));
  result->shape.metric = search.metric;
  result->keys = result->rows.column(search.schema->fields[search.output_columns[0]].name);
  result->hits.reserve(places.size());
  return result;
}

// Of a further query.
void AddHits(Metric metric, std::span<const Found> hits, ResultRows* result) {
  for (const Found& hit : hits) {
    result->hits.emplace_back(index::ScoreOf(metric, hit.distance), result->hits.size(), result);
  }
  result->ends.push_back(result->hits.size());
}

std::vector<Found> Join(std::span<const std::vector<Found>> hits) {
  std::vector<Found> all;
  for (const std::vector<Found>& of_query : hits) {
    all.insert(all.end(), of_query.begin(), of_query.end());
  }
  return all;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResultRows>> Search(const SnapshotSearch& search,
                                                   const Context& context) {
  Clock::time_point lap = Clock::now();
  const auto again = [&](const SnapshotSearch& rest) { return Search(rest, context); };
  VECDB_ASSIGN_OR_RETURN(const Selections selections, SelectAll(search, context));
  const double filter_ms = Lap(&lap);
  const auto answers = SearchAll(search, selections, context);
  if (!answers.ok()) {
    const auto mark = [&](std::span<SegmentView> segments) {
      const bool ungroupable = MarkUngroupable(search, context, segments);
      return MarkUnsearchable(search, context, segments) || ungroupable;
    };
    return SearchRest(search, answers.status(), mark, again);
  }
  const double search_ms = Lap(&lap);
  const std::vector<Found> hits = Join(answers->hits);
  auto result = FetchAll(search, hits, context);
  if (!result.ok()) {
    const auto mark = [&](std::span<SegmentView> segments) {
      return MarkUnreadable(search, hits, context, segments);
    };
    return SearchRest(search, result.status(), mark, again);
  }
  ResultRows& rows = **result;
  for (const std::vector<Found>& of_query : answers->hits) AddHits(search.metric, of_query, &rows);
  rows.shape = ShapeOf(search);
  rows.partial = selections.partial();
  rows.stats = StatsOf(search, selections, answers->stats);
  rows.stats.filter_ms = filter_ms;
  rows.stats.search_ms = search_ms;
  rows.stats.fetch_ms = Lap(&lap);
  return result;
}

absl::StatusOr<FoundHits> FindHits(const SnapshotSearch& search, uint32_t k,
                                   const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const Selections selections, SelectAll(search, context));
  std::vector<SegmentSearchStats> stats(search.segments.size());
  FoundHits found{.partial = selections.partial()};
  auto hits = FindNearest(search, selections, search.vectors, k, context, stats);
  if (!hits.ok()) {
    const auto mark = [&](std::span<SegmentView> segments) {
      return MarkUnsearchable(search, context, segments);
    };
    return SearchRest(search, hits.status(), mark,
                      [&](const SnapshotSearch& rest) { return FindHits(rest, k, context); });
  }
  found.hits = std::move(hits->front());
  return found;
}

bool MarkUnreadable(const SnapshotSearch& search, std::span<const Found> hits,
                    const Context& context, std::span<SegmentView> segments) {
  bool marked = false;
  for (uint32_t i = 0; i < segments.size(); ++i) {
    std::vector<RowPlace> of_segment;
    for (const Found& hit : hits) {
      if (hit.place.segment == i) of_segment.push_back(hit.place);
    }
    const absl::Status read =
        FetchRows(search.schema, search.segments, of_segment, search.output_columns, context)
            .status();
    if (!absl::IsDataLoss(read)) continue;
    segments[i].load_damage = read;
    marked = true;
  }
  return marked;
}

absl::StatusOr<std::unique_ptr<ResultRows>> FetchHits(const SnapshotSearch& search,
                                                      std::span<const Found> hits,
                                                      const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto result, FetchAll(search, hits, context));
  AddHits(search.metric, hits, result.get());
  return result;
}

}  // namespace vecdb::query
