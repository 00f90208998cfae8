#ifndef VECDB_INDEX_DISKANN_PLAN_H_
#define VECDB_INDEX_DISKANN_PLAN_H_

#include <cstddef>
#include <cstdint>

#include "index/search_counts.h"
#include "index/vector_index.h"

namespace vecdb::index {

/// How to search a DISKANN index for one query, chosen from the number of rows that may be
/// returned.
struct DiskannPlan {
  /// kExactScan: read every page with an allowed row. Else walk, or compare by codes.
  SearchPlan plan = SearchPlan::kExactScan;
  uint64_t num_allowed = 0;  ///< deletes and times are estimated
  size_t ef = 0;             ///< allowed rows to keep, at least k
  size_t walk_ef = 0;        ///< rows to keep when walking; 0: compare all allowed rows by code
};

/// The plan for `query` in an index of query.mask.num_rows rows.
DiskannPlan PlanDiskannSearch(const RowQuery& query);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_PLAN_H_
