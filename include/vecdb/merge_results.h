#ifndef VECDB_MERGE_RESULTS_H_
#define VECDB_MERGE_RESULTS_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "vecdb/row_batch.h"
#include "vecdb/search.h"

namespace vecdb {

/// Which part of the merged answer to return.
struct MergeOptions {
  int32_t limit = 10;  ///< at least 1: hits of each query, values with `group_by`, or rows
  int32_t offset = 0;  ///< how many of the best to leave out
};

/// Merges the answers to one search of several processes, or several databases, that each hold a
/// part of the rows: gives what one process with all rows would have answered, in the order of
/// every search (score, then key). `results` stay as they are.
///
/// Ask each for the same, with offset 0 and at least `offset + limit` hits. A key that several
/// answers have, because two processes loaded the same shard or one was asked twice, comes back
/// once: its best hit, and of equal ones that of the first answer. It may be the older one when the
/// processes read different states.
///
/// With `group_by`, that field must be among the output fields. A process names only its best
/// values: which values come back, and the best hit of each, are those of one search of all rows;
/// of further hits (`group_size` above 1) those are missing that lie where their value is not among
/// the best. To have them, ask every process again for the values of the merged answer, with the
/// condition `field in [...]`, and merge those answers.
///
/// The result is partial when one of the answers is. Its stats list the segments of all, and the
/// longest times. Takes O(n log n) for n hits, in the calling thread, and does not block.
///
///     const MergeOptions page{.limit = 10, .offset = 20};       // each was asked for 30, from 0
///     on auto merged = vecdb::MergeResults(answers, page);         //
///     std::vector<vecdb::SearchResult>
///
/// InvalidArgument, naming the answers and the values: none, a limit below 1, an offset below 0,
/// answers that differ in number of queries, metric, `group_by`, `group_size`, key field or output
/// fields, one with an offset or with a lower limit than `offset + limit`, one without the field to
/// group by.
absl::StatusOr<SearchResult> MergeResults(std::span<const SearchResult> results,
                                          const MergeOptions& options);

/// Merges rows that Collection::Query or Get of several databases returned: by key, each key once
/// (the row of the first batch that has it). Ask each with offset 0, `order_by_key` and a limit of
/// at least `offset + limit`. `batches` stay as they are; nothing in the result is borrowed from
/// them.
///
/// InvalidArgument, naming the batches and the values: none, a batch whose columns are of unequal
/// length, batches that differ in key field or columns, a limit or an offset that MergeOptions does
/// not allow.
absl::StatusOr<RowBatch> MergeRows(std::span<const RowBatch> batches, const MergeOptions& options);

}  // namespace vecdb

#endif  // VECDB_MERGE_RESULTS_H_
