#ifndef VECDB_INDEX_FILTERED_WALK_H_
#define VECDB_INDEX_FILTERED_WALK_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "base/row_mask.h"
#include "index/hnsw_graph.h"
#include "index/hnsw_search.h"
#include "index/poller.h"
#include "index/walk_scratch.h"

namespace vecdb::index {

/// What a walk through the allowed rows of level 0 needs to know. Borrows everything.
struct FilteredWalk {
  HnswLevel level{};  ///< level 0: nodes are rows
  const base::RowMask& mask;
  uint64_t num_allowed = 0;  ///< rows in the mask, about
  size_t ef = 0;             ///< nearest allowed rows to keep
};

/// True when far fewer rows are allowed around `row` than elsewhere: the filter goes with the
/// vectors, and against a query that lies there.
bool FilterGoesAgainst(const FilteredWalk& walk, uint32_t row);

/// Walks from allowed row to allowed row, best first, and leaves the nearest ones found in
/// scratch->pool. Distances are computed to allowed rows only; masked ones are passed through, up
/// to two in a row, where too few neighbours are allowed (ACORN, Patel et al. 2024).
///
/// With `against`, what FilterGoesAgainst said of start.node, masked rows are always passed
/// through, for the allowed rows nearest to such a query are outliers of theirs that have no
/// allowed neighbour; and rows from all over the mask are starts too.
template <class Distance>
absl::Status WalkAllowed(const FilteredWalk& walk, const Distance& distance, HnswStart start,
                         bool against, WalkScratch* scratch, Poller* poller);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_FILTERED_WALK_H_
