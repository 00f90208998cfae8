#ifndef VECDB_INDEX_QUERY_PIECES_H_
#define VECDB_INDEX_QUERY_PIECES_H_

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "vecdb/context.h"
#include "vecdb/executor.h"

namespace vecdb::index {

/// The queries `begin` to `begin + count` - 1 of a call.
struct QueryPiece {
  size_t begin = 0;
  size_t count = 0;
};

/// Runs `answer` for pieces that together are all `num_queries` queries of a call, as
/// base::ParallelFor would. Each piece is as large as its queries can share what they read, unless
/// threads of the executor would have nothing to do.
absl::Status ForQueryPieces(Executor* executor, size_t num_queries, const Context& context,
                            absl::FunctionRef<absl::Status(QueryPiece piece)> answer);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_QUERY_PIECES_H_
