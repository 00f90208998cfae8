#ifndef VECDB_FAISS_HNSW_LINKS_H_
#define VECDB_FAISS_HNSW_LINKS_H_

#include <cstdint>

#include <faiss/impl/HNSW.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hnsw_graph.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::faiss {

// FAISS keeps the links of one row together: its list of level 0, then of level 1 and so on, each
// as long as cum_nneighbor_per_level says, in row numbers, filled up with -1. `levels` counts the
// levels of a row, so that 1 is level 0 alone, and `offsets` says where its links begin.

/// The same links as index::HnswGraph lays them. M is the least that has room for them.
/// InvalidArgument unless levels, offsets, links and entry point are those of a graph of `num_rows`
/// rows which cannot lead a walk astray; ResourceExhausted, Cancelled, DeadlineExceeded.
absl::StatusOr<index::HnswGraph> GraphFromFaiss(const ::faiss::HNSW& hnsw, uint32_t num_rows,
                                                const Host& host, const Context& context);

/// Fills `hnsw`, which was made with the M of the graph and is empty. Cancelled, DeadlineExceeded.
absl::Status GraphToFaiss(const index::HnswGraph& graph, const Context& context,
                          ::faiss::HNSW* hnsw);

}  // namespace vecdb::faiss

#endif  // VECDB_FAISS_HNSW_LINKS_H_
