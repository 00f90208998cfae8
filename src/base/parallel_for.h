#ifndef VECDB_BASE_PARALLEL_FOR_H_
#define VECDB_BASE_PARALLEL_FOR_H_

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "vecdb/context.h"
#include "vecdb/executor.h"

namespace vecdb::base {

/// The number of strands that ParallelFor uses at most: what per-strand scratch is sized by.
size_t MaxStrands(const Executor* executor);

/// Runs `body(piece, strand)` for each piece 0 to `pieces` - 1, in parallel on the executor, the
/// calling thread taking part. No two calls run at the same time with the same `strand` (0 to
/// MaxStrands - 1). Returns when every piece that was begun has ended. The error of the lowest
/// failed piece wins; after an error, a cancel or the deadline no further piece is begun. Without
/// an executor it is a plain loop.
absl::Status ParallelFor(Executor* executor, Priority priority, size_t pieces,
                         const Context& context,
                         absl::FunctionRef<absl::Status(size_t piece, size_t strand)> body);

}  // namespace vecdb::base

#endif  // VECDB_BASE_PARALLEL_FOR_H_
