#ifndef VECDB_ENGINE_SEARCH_PLAN_H_
#define VECDB_ENGINE_SEARCH_PLAN_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "query/search.h"
#include "vecdb/collection.h"
#include "vecdb/search.h"

namespace vecdb::engine {

/// Checks a request against a collection and turns it into a search of `snapshot`, which the result
/// borrows.
absl::StatusOr<query::SnapshotSearch> PlanSearch(const CollectionCore& core,
                                                 const Snapshot& snapshot,
                                                 const SearchRequest& request);

/// The same for the hits of one query in batches. The limits are those of the batches.
absl::StatusOr<query::SnapshotSearch> PlanSearchIteration(const CollectionCore& core,
                                                          const Snapshot& snapshot,
                                                          const SearchRequest& request);

/// The part of a state that lies in these shards; none: all. InvalidArgument for one that is none.
absl::StatusOr<Snapshot> OfShards(const CollectionCore& core, const Snapshot& snapshot,
                                  const std::vector<int32_t>& shards);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_SEARCH_PLAN_H_
