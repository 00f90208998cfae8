#ifndef VECDB_QUERY_SEARCH_H_
#define VECDB_QUERY_SEARCH_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "query/nearest.h"
#include "query/result_rows.h"
#include "vecdb/context.h"

namespace vecdb::query {

/// Evaluates the filter once, searches every segment, keeps the best of each query (equal scores by
/// key), and reads the output fields of those alone. One query runs on the calling thread.
absl::StatusOr<std::unique_ptr<ResultRows>> Search(const SnapshotSearch& search,
                                                   const Context& context);

/// The `k` best rows for the one query of a search, without their fields.
absl::StatusOr<FoundHits> FindHits(const SnapshotSearch& search, uint32_t k,
                                   const Context& context);

/// Marks in `segments`, a copy of those of the search or these themselves, the ones whose hits
/// among `hits` cannot be read for damage, so that searches leave them out; false when there is
/// none.
bool MarkUnreadable(const SnapshotSearch& search, std::span<const Found> hits,
                    const Context& context, std::span<SegmentView> segments);

/// The result whose one query has these hits. DataLoss when one cannot be read; see MarkUnreadable.
absl::StatusOr<std::unique_ptr<ResultRows>> FetchHits(const SnapshotSearch& search,
                                                      std::span<const Found> hits,
                                                      const Context& context);

}  // namespace vecdb::query

#endif  // VECDB_QUERY_SEARCH_H_
