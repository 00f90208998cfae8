#ifndef VECDB_QUERY_GROUPED_H_
#define VECDB_QUERY_GROUPED_H_

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "query/nearest.h"
#include "vecdb/context.h"

namespace vecdb::query {

/// The best rows of each of the best values of search.group_column for one query, the values in the
/// order of their best rows. Exact where FindNearest is: what was found is left out by a further
/// condition on that column, until no value, or no row of a value, is missing.
absl::StatusOr<std::vector<Found>> FindGrouped(const SnapshotSearch& search,
                                               const Selections& selections,
                                               std::span<const float> query, const Context& context,
                                               std::span<SegmentSearchStats> stats);

}  // namespace vecdb::query

#endif  // VECDB_QUERY_GROUPED_H_
