#ifndef VECDB_INDEX_SEARCH_PLAN_H_
#define VECDB_INDEX_SEARCH_PLAN_H_

#include <cstddef>
#include <cstdint>

#include "index/search_counts.h"
#include "index/vector_index.h"

namespace vecdb::index {

/// How to search a graph for one query, chosen from the number of rows that may be returned.
struct HnswPlan {
  SearchPlan plan = SearchPlan::kExactScan;
  uint64_t num_allowed = 0;  ///< deletes and times are estimated
  size_t ef = 0;             ///< allowed rows to keep, at least k
  size_t walk_ef = 0;        ///< rows to keep when walking without a look at the mask
};

/// How many rows a query may return; deletes and times are estimated.
uint64_t CountAllowed(const RowQuery& query);

/// The plan for `query` in a graph of query.mask.num_rows rows.
HnswPlan PlanHnswSearch(const RowQuery& query);

/// Rows to keep so that, bad luck aside, `ef` of them are among those that may be returned, a share
/// of the `num_rows`.
size_t EfOfShare(size_t ef, double share, uint32_t num_rows);

/// True when comparing `num_allowed` rows is better than the walk of a query that its filter goes
/// against, which is longer than others and finds less.
bool ScanBeatsWalkAgainst(uint64_t num_allowed, size_t ef);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_SEARCH_PLAN_H_
