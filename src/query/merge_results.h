#ifndef VECDB_QUERY_MERGE_RESULTS_H_
#define VECDB_QUERY_MERGE_RESULTS_H_

#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "query/result_rows.h"
#include "vecdb/merge_results.h"
#include "vecdb/row_batch.h"

namespace vecdb::query {

/// vecdb::MergeResults. Reads `results` while it runs.
absl::StatusOr<std::unique_ptr<ResultRows>> MergeResults(std::span<const ResultRows* const> results,
                                                         const MergeOptions& options);

/// vecdb::MergeRows.
absl::StatusOr<RowBatch> MergeRows(std::span<const RowBatch> batches, const MergeOptions& options);

}  // namespace vecdb::query

#endif  // VECDB_QUERY_MERGE_RESULTS_H_
