#ifndef VECDB_ENGINE_QUERY_PLAN_H_
#define VECDB_ENGINE_QUERY_PLAN_H_

#include <cstdint>
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

/// The same for an iterator, whose limit has no ceiling; `limit` is that of all batches.
absl::StatusOr<QueryPlan> PlanQueryIteration(const CollectionCore& core,
                                             const QueryRequest& request,
                                             const IteratorOptions& options);

/// InvalidArgument for a batch size out of range.
absl::Status CheckBatchSize(const CollectionCore& core, int32_t batch_size);

/// The rows of a plan in a state, in their order.
absl::StatusOr<RowBatch> ReadRows(const CollectionCore& core, const Snapshot& snapshot,
                                  const QueryPlan& plan, const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_QUERY_PLAN_H_
