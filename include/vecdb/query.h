#ifndef VECDB_QUERY_H_
#define VECDB_QUERY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "vecdb/consistency.h"
#include "vecdb/context.h"
#include "vecdb/row_batch.h"
#include "vecdb/row_filter.h"
#include "vecdb/search.h"

namespace vecdb {

namespace engine {
class QueryCursor;
class SearchCursor;
}  // namespace engine

/// Which rows to read from a collection, without a look at their vectors.
struct QueryRequest {
  RowFilter filter{};
  /// Fields to return with each row, vectors too; the key always comes.
  std::vector<std::string> output_fields{};
  /// Rows wanted; `offset + limit` is 1 to DatabaseOptions::max_result_rows, and 0 stands for as
  /// many as that leaves.
  int32_t limit = 0;
  /// Rows to leave out first, for paging.
  int32_t offset = 0;
  /// Rows come by their key, the smallest first. Without it they come as they lie, which takes less
  /// time when there are many and only some are wanted.
  bool order_by_key = true;
  /// Which state to read. Default: as the collection was created with.
  Consistency consistency{};
};

/// How an iterator goes on.
struct IteratorOptions {
  /// Most rows of a batch, 1 to DatabaseOptions::max_result_rows.
  int32_t batch_size = 1000;
  /// Where an earlier iterator of the same request stood (`position()`); "" begins at the first
  /// row. With the snapshot of that iterator the rest comes back exactly; with a later state, what
  /// of it lies behind that place. The rows that `offset` leaves out are not left out again, and of
  /// `limit` what that iterator had left counts.
  std::string position{};
};

/// All rows that match, by key, in batches: no ceiling, and memory for one batch and a bit per row.
/// Reads one state, which it pins. For one thread at a time; outlives the Collection handle, not
/// the database.
class QueryIterator {
 public:
  explicit QueryIterator(std::unique_ptr<engine::QueryCursor> cursor);
  ~QueryIterator();

  /// The next rows, 1 to batch_size of them; none when there are no more. Errors as
  /// Collection::Query; after one the same batch can be asked for again.
  absl::StatusOr<RowBatch> Next(const Context& context = {});

  /// A text for IteratorOptions::position: behind the last row that Next has returned, and how many
  /// rows `limit` leaves; "" before the first.
  std::string position() const;
  /// The state that is read.
  std::shared_ptr<const Snapshot> snapshot() const;

 private:
  std::unique_ptr<engine::QueryCursor> cursor_;
};

/// All rows that match, nearest to one query first, in batches: no ceiling, and every row once.
/// Reads one state, which it pins. Exact, whatever the index: rows are compared one by one, once
/// per 16384 rows returned. For one thread at a time; outlives the Collection handle, not the
/// database.
class SearchIterator {
 public:
  explicit SearchIterator(std::unique_ptr<engine::SearchCursor> cursor);
  ~SearchIterator();

  /// The next hits, 1 to batch_size of them, as the hits of query 0; none when there are no more.
  /// Errors as Collection::Search; after one the same batch can be asked for again. With
  /// SearchRequest::allow_partial a segment whose damage shows at some batch is left out from there
  /// on, and partial() of that batch and later ones tells.
  absl::StatusOr<SearchResult> Next(const Context& context = {});

  std::string position() const;                      ///< as QueryIterator::position
  std::shared_ptr<const Snapshot> snapshot() const;  ///< the state that is read

 private:
  std::unique_ptr<engine::SearchCursor> cursor_;
};

}  // namespace vecdb

#endif  // VECDB_QUERY_H_
