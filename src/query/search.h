#ifndef VECDB_QUERY_SEARCH_H_
#define VECDB_QUERY_SEARCH_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "query/result_rows.h"
#include "query/segment_view.h"
#include "vecdb/context.h"
#include "vecdb/executor.h"
#include "vecdb/index_spec.h"
#include "vecdb/schema.h"

namespace vecdb::query {

/// A search over one snapshot, checked by the caller. Borrows everything but what it shares.
struct SnapshotSearch {
  std::shared_ptr<const Schema> schema{};
  std::span<const SegmentView> segments{};
  uint64_t as_of = 0;
  Executor* executor = nullptr;  ///< takes part when there are several queries

  size_t column = 0;  ///< a vector column
  std::span<const float> vectors{};
  Metric metric = Metric::kL2;
  SearchParams params{};
  uint32_t limit = 10;
  uint32_t offset = 0;
  std::vector<size_t> output_columns{};  ///< the key is the first
  bool allow_partial = false;            ///< leave damaged segments out
};

/// Searches every segment, keeps the best of each query (equal scores by key), and reads the output
/// fields of those alone. One query runs on the calling thread.
absl::StatusOr<std::unique_ptr<ResultRows>> Search(const SnapshotSearch& search,
                                                   const Context& context);

}  // namespace vecdb::query

#endif  // VECDB_QUERY_SEARCH_H_
