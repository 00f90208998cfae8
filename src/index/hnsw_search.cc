#include "index/hnsw_search.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "base/prefetch.h"
#include "base/status_macros.h"

namespace vecdb::index {
namespace {

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

template <bool kUpper, class Distance>
absl::Status Walk(const HnswLevel& level, const Distance& distance, HnswStart start, size_t ef,
                  WalkScratch* scratch, Poller* poller) {
  scratch->Reserve(level.degree);
  uint32_t* const nodes = scratch->nodes.data();
  float* const distances = scratch->distances.data();
  CandidatePool& pool = scratch->pool;
  pool.Reset(ef);
  scratch->visited.Clear();
  scratch->visited.data()[start.node] = scratch->visited.walk();
  if constexpr (!kUpper) {
    if (scratch->left_out != kNoRow) {
      scratch->visited.data()[scratch->left_out] = scratch->visited.walk();
    }
  }
  pool.Insert(start.distance, start.node);
  for (uint32_t at = pool.FollowNearest(); at != kNoRow; at = pool.FollowNearest()) {
    const size_t count = TakeUnvisited(level.of(at), level.degree, &scratch->visited, nodes);
    const uint32_t* rows = RowsOf<kUpper>(level, nodes, count, scratch->rows.data());
    for (size_t i = 0; i < count; ++i) distance.Prefetch(rows[i]);
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
template <class Distance>
bool StepNearer(const HnswLevel& level, const Distance& distance, WalkScratch* scratch,
                HnswStart* at, size_t* count) {
  uint32_t* const nodes = scratch->nodes.data();
  float* const distances = scratch->distances.data();
  *count = TakeUnvisited(level.of(at->node), level.degree, &scratch->visited, nodes);
  const uint32_t* rows = RowsOf<true>(level, nodes, *count, scratch->rows.data());
  for (size_t i = 0; i < *count; ++i) distance.Prefetch(rows[i]);
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

template <class Distance>
absl::StatusOr<HnswStart> Descend(const HnswGraph& graph, const Distance& distance, size_t level,
                                  WalkScratch* scratch, Poller* poller) {
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

template <class Distance>
absl::Status WalkLevel(const HnswLevel& level, const Distance& distance, HnswStart start, size_t ef,
                       WalkScratch* scratch, Poller* poller) {
  return level.rows == nullptr ? Walk<false>(level, distance, start, ef, scratch, poller)
                               : Walk<true>(level, distance, start, ef, scratch, poller);
}

template absl::StatusOr<HnswStart> Descend(const HnswGraph&, const QueryDistance&, size_t,
                                           WalkScratch*, Poller*);
template absl::StatusOr<HnswStart> Descend(const HnswGraph&, const CodedQuery&, size_t,
                                           WalkScratch*, Poller*);
template absl::Status WalkLevel(const HnswLevel&, const QueryDistance&, HnswStart, size_t,
                                WalkScratch*, Poller*);
template absl::Status WalkLevel(const HnswLevel&, const CodedQuery&, HnswStart, size_t,
                                WalkScratch*, Poller*);

}  // namespace vecdb::index
