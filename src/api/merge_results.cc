#include "query/merge_results.h"

#include <utility>
#include <vector>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "vecdb/merge_results.h"

namespace vecdb {

absl::StatusOr<SearchResult> MergeResults(std::span<const SearchResult> results,
                                          const MergeOptions& options) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<SearchResult> {
    std::vector<const query::ResultRows*> rows;
    for (const SearchResult& result : results) rows.push_back(result.rows_.get());
    VECDB_ASSIGN_OR_RETURN(auto merged, query::MergeResults(rows, options));
    return SearchResult(std::move(merged));
  });
}

absl::StatusOr<RowBatch> MergeRows(std::span<const RowBatch> batches, const MergeOptions& options) {
  return base::OrOutOfMemory([&] { return query::MergeRows(batches, options); });
}

}  // namespace vecdb
