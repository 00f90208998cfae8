#ifndef VECDB_ENGINE_QUERY_PLAN_H_
#define VECDB_ENGINE_QUERY_PLAN_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "query/row_selection.h"
#include "schema/key.h"
#include "vecdb/query.h"

namespace vecdb::engine {

/// A primary key that lives by itself. A value.
struct OwnedKey {
  bool is_int64 = true;
  int64_t number = 0;
  std::string text{};

  static OwnedKey Of(const schema::Key& key);
  schema::Key key() const { return is_int64 ? schema::Key(number) : schema::Key(text); }

  /// "i42" or "sblue": for positions.
  std::string ToString() const;
  /// InvalidArgument for what ToString does not give for a key of `schema`.
  static absl::StatusOr<OwnedKey> Parse(std::string_view text, const Schema& schema);
};

/// The limit of an iterator that has none.
inline constexpr uint64_t kAllRows = std::numeric_limits<uint64_t>::max();

/// A QueryRequest that was checked against a collection.
struct QueryPlan {
  query::BoundFilter filter{};
  std::vector<size_t> columns{};  ///< the key is the first
  uint64_t limit = 0;
  uint64_t offset = 0;
  bool by_key = true;
  std::optional<OwnedKey> after{};
};

/// Errors as Collection::Query.
absl::StatusOr<QueryPlan> PlanQuery(const CollectionCore& core, const QueryRequest& request);

/// The same for an iterator, whose limit has no ceiling; `limit` is that of all batches to come.
/// With a position `after` is its key, `limit` what the iterator that stood there had left, and
/// nothing is left out first. InvalidArgument for a position that no iterator of the request gives.
absl::StatusOr<QueryPlan> PlanQueryIteration(const CollectionCore& core,
                                             const QueryRequest& request,
                                             const IteratorOptions& options);

/// Where an iterator stands: "i42" behind that key, "15:i42" with a limit of which 15 rows are
/// left.
std::string PositionText(uint64_t rows_left, const OwnedKey& after);

/// InvalidArgument for a batch size out of range.
absl::Status CheckBatchSize(const CollectionCore& core, int32_t batch_size);

/// The rows of a plan in a state, in their order.
absl::StatusOr<RowBatch> ReadRows(const CollectionCore& core, const Snapshot& snapshot,
                                  const QueryPlan& plan, const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_QUERY_PLAN_H_
