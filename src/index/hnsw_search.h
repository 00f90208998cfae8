#ifndef VECDB_INDEX_HNSW_SEARCH_H_
#define VECDB_INDEX_HNSW_SEARCH_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "index/coded_query.h"
#include "index/hnsw_graph.h"
#include "index/poller.h"
#include "index/query_distance.h"
#include "index/walk_scratch.h"

namespace vecdb::index {

// Graphs are walked by distances of either kind: a QueryDistance compares rows, a CodedQuery codes.

/// A node and its distance from a query.
struct HnswStart {
  uint32_t node = 0;
  float distance = 0;
};

/// Goes down greedily from node 0 of the top level to `level` + 1: the nearest node found there,
/// node 0 when there is no such level.
template <class Distance>
absl::StatusOr<HnswStart> Descend(const HnswGraph& graph, const Distance& distance, size_t level,
                                  WalkScratch* scratch, Poller* poller);

/// Walks a level from `start` on, best first, and leaves the `ef` nearest nodes found in
/// scratch->pool. `start.node` is a node of that level, at level 0 a row.
template <class Distance>
absl::Status WalkLevel(const HnswLevel& level, const Distance& distance, HnswStart start, size_t ef,
                       WalkScratch* scratch, Poller* poller);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_HNSW_SEARCH_H_
