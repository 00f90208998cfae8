#ifndef VECDB_QUERY_ROWS_BY_KEY_H_
#define VECDB_QUERY_ROWS_BY_KEY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "query/fetch.h"
#include "query/row_selection.h"
#include "query/segment_view.h"
#include "schema/key.h"
#include "vecdb/context.h"

namespace vecdb::query {

/// Which rows of one state are wanted. Borrows everything.
struct RowQuery {
  std::span<const SegmentView> segments{};
  uint64_t as_of = 0;
  uint64_t alive_from = 0;  ///< rows that were written before have expired
  BoundFilter filter{};
  bool by_key = true;  ///< otherwise as they lie
  /// Only rows of larger keys, with `by_key`.
  std::optional<schema::Key> after{};
  uint64_t limit = 0;  ///< at least 1
};

/// The places of the first `limit` rows.
absl::StatusOr<std::vector<RowPlace>> FindRows(const RowQuery& query, const Context& context);

/// How many rows there are, whatever the limit.
absl::StatusOr<uint64_t> CountRows(const RowQuery& query, const Context& context);

}  // namespace vecdb::query

#endif  // VECDB_QUERY_ROWS_BY_KEY_H_
