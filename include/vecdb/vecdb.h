#ifndef VECDB_VECDB_H_
#define VECDB_VECDB_H_

/// vecdb: vector search inside your program.
///
/// Three doors, each usable alone:
///   - `Database` and `Collection`: rows with a schema, kept in a directory or an object store,
///   searched by
///     their vectors. Start here.
///   - `Segment`: immutable files of rows, vectors and indexes, for an engine that has its own
///   catalog.
///   - `Index`: an index over vectors that the host keeps.
///
/// Contracts that hold for every call: errors are absl::Status, never exceptions; codes mean the
/// same everywhere (InvalidArgument: the caller's bug; NotFound; AlreadyExists; FailedPrecondition:
/// wrong state; ResourceExhausted: budget or disk; Cancelled; DeadlineExceeded; Unavailable: retry
/// later; Unknown: the outcome is not known; DataLoss: damaged bytes; Internal: our bug). Nothing
/// is printed, no signal handler is installed, no global state is kept, and no thread is left after
/// Close.

#include "vecdb/advise.h"         // IWYU pragma: export
#include "vecdb/cached_store.h"   // IWYU pragma: export
#include "vecdb/clock.h"          // IWYU pragma: export
#include "vecdb/collection.h"     // IWYU pragma: export
#include "vecdb/consistency.h"    // IWYU pragma: export
#include "vecdb/context.h"        // IWYU pragma: export
#include "vecdb/database.h"       // IWYU pragma: export
#include "vecdb/events.h"         // IWYU pragma: export
#include "vecdb/executor.h"       // IWYU pragma: export
#include "vecdb/file_system.h"    // IWYU pragma: export
#include "vecdb/filter.h"         // IWYU pragma: export
#include "vecdb/host.h"           // IWYU pragma: export
#include "vecdb/index.h"          // IWYU pragma: export
#include "vecdb/index_spec.h"     // IWYU pragma: export
#include "vecdb/keys.h"           // IWYU pragma: export
#include "vecdb/load.h"           // IWYU pragma: export
#include "vecdb/log.h"            // IWYU pragma: export
#include "vecdb/memory_budget.h"  // IWYU pragma: export
#include "vecdb/merge_results.h"  // IWYU pragma: export
#include "vecdb/metrics.h"        // IWYU pragma: export
#include "vecdb/object_store.h"   // IWYU pragma: export
#include "vecdb/query.h"          // IWYU pragma: export
#include "vecdb/row_batch.h"      // IWYU pragma: export
#include "vecdb/row_filter.h"     // IWYU pragma: export
#include "vecdb/schema.h"         // IWYU pragma: export
#include "vecdb/search.h"         // IWYU pragma: export
#include "vecdb/search_stats.h"   // IWYU pragma: export
#include "vecdb/segment.h"        // IWYU pragma: export

#endif  // VECDB_VECDB_H_
