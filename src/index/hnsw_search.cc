#include "index/hnsw_search.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "base/prefetch.h"
#include "base/status_macros.h"

namespace vecdb::index {
namespace {

// Lines of a row that are asked for ahead; the CPU's own prefetchers fetch the others in time.
constexpr size_t kMaxPrefetchLines = 16;

// Puts the linked nodes that were not met before into `nodes` and marks them. Returns how many.
inline size_t TakeUnvisited(const uint32_t* links, size_t degree, VisitedMarks* visited,
                            uint32_t* nodes) {
  uint8_t* const marks = visited->data();
  const uint8_t walk = visited->walk();
  size_t count = 0;
  for (size_t i = 0; i < degree; ++i) {
    const uint32_t node = links[i];
    if (node == kNoRow) break;
    nodes[count] = node;
    count += marks[node] != walk;
    marks[node] = walk;
  }
  return count;
}

// The rows of the nodes of an upper level; at level 0 nodes are rows.
template <bool kUpper>
inline const uint32_t* RowsOf(const HnswLevel& level, const uint32_t* nodes, size_t count,
                              uint32_t* rows) {
  if constexpr (!kUpper) return nodes;
  for (size_t i = 0; i < count; ++i) rows[i] = level.rows[nodes[i]];
  return rows;
}

inline void PrefetchRows(const VectorView& view, const uint32_t* rows, size_t count, size_t lines) {
  for (size_t i = 0; i < count; ++i) base::PrefetchLines(view.row(rows[i]), lines);
}

template <bool kUpper>
absl::Status Walk(const HnswLevel& level, const QueryDistance& distance, HnswStart start, size_t ef,
                  WalkScratch* scratch, Poller* poller) {
  scratch->Reserve(level.degree);
  const size_t lines = PrefetchLinesOf(distance.view());
  uint32_t* const nodes = scratch->nodes.data();
  float* const distances = scratch->distances.data();
  CandidatePool& pool = scratch->pool;
  pool.Reset(ef);
  scratch->visited.Clear();
  scratch->visited.data()[start.node] = scratch->visited.walk();
  pool.Insert(start.distance, start.node);
  for (uint32_t at = pool.FollowNearest(); at != kNoRow; at = pool.FollowNearest()) {
    const size_t count = TakeUnvisited(level.of(at), level.degree, &scratch->visited, nodes);
    const uint32_t* rows = RowsOf<kUpper>(level, nodes, count, scratch->rows.data());
    PrefetchRows(distance.view(), rows, count, lines);
    VECDB_RETURN_IF_ERROR(poller->Read(count));
    distance.Gather(rows, count, pool.worst(), distances);
    for (size_t i = 0; i < count; ++i) {
      if (distances[i] > pool.worst()) continue;
      if (pool.Insert(distances[i], nodes[i])) PrefetchLinks(level, nodes[i]);
    }
  }
  return absl::OkStatus();
}

// Moves `at` to the nearest of its neighbours that were not met before. False when none is nearer.
bool StepNearer(const HnswLevel& level, const QueryDistance& distance, WalkScratch* scratch,
                HnswStart* at, size_t* count) {
  uint32_t* const nodes = scratch->nodes.data();
  float* const distances = scratch->distances.data();
  *count = TakeUnvisited(level.of(at->node), level.degree, &scratch->visited, nodes);
  const uint32_t* rows = RowsOf<true>(level, nodes, *count, scratch->rows.data());
  PrefetchRows(distance.view(), rows, *count, PrefetchLinesOf(distance.view()));
  distance.Gather(rows, *count, at->distance, distances);
  bool nearer = false;
  for (size_t i = 0; i < *count; ++i) {
    if (distances[i] >= at->distance) continue;
    *at = {nodes[i], distances[i]};
    nearer = true;
  }
  return nearer;
}

}  // namespace

size_t PrefetchLinesOf(const VectorView& view) {
  const size_t bytes = static_cast<size_t>(view.dim) * sizeof(float);
  const size_t lines = (bytes + base::kCacheLineBytes - 1) / base::kCacheLineBytes;
  return std::min(lines, kMaxPrefetchLines);
}

absl::StatusOr<HnswStart> Descend(const HnswGraph& graph, const QueryDistance& distance,
                                  size_t level, WalkScratch* scratch, Poller* poller) {
  scratch->Reserve(graph.m);
  HnswStart at{0, distance.One(graph.entry_row)};
  // One set of marks for all levels: what was met above was no nearer than where the walk stands
  // now.
  scratch->visited.Clear();
  for (size_t upper = graph.top_level(); upper > level; --upper) {
    const HnswLevel view = graph.level(upper);
    size_t count = 0;
    while (StepNearer(view, distance, scratch, &at, &count)) {
      VECDB_RETURN_IF_ERROR(poller->Read(count));
    }
  }
  return at;
}

absl::Status WalkLevel(const HnswLevel& level, const QueryDistance& distance, HnswStart start,
                       size_t ef, WalkScratch* scratch, Poller* poller) {
  return level.rows == nullptr ? Walk<false>(level, distance, start, ef, scratch, poller)
                               : Walk<true>(level, distance, start, ef, scratch, poller);
}

}  // namespace vecdb::index
