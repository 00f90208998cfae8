#ifndef VECDB_ENGINE_READ_POINT_H_
#define VECDB_ENGINE_READ_POINT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "vecdb/consistency.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// The first timestamp of a millisecond.
uint64_t TimestampAt(int64_t millis);

/// The state that a read is to show, once it is there, without the rows that have expired at its
/// time: that of AsOf, of a snapshot when it was pinned, and now for all others. Errors as
/// Consistency says.
absl::StatusOr<Snapshot> ResolveRead(CollectionCore& core, const Consistency& consistency,
                                     const Context& context);

/// Waits until no further write can get the time that `consistency` names, if it names one.
/// ResolveRead does, too.
absl::Status AwaitTime(CollectionCore& core, const Consistency& consistency,
                       const Context& context);

/// Whether a read is to show every write that had returned before it.
bool IsStrong(const CollectionCore& core, const Consistency& consistency);

/// What a read-only collection must have read for `consistency`: every write up to this time.
uint64_t RequiredTimestamp(const CollectionCore& core, const Consistency& consistency);

/// The state of now.
Snapshot ReadNow(const CollectionCore& core);

/// Live rows of a state, from the timestamps of its rows.
absl::StatusOr<uint64_t> CountRows(const Snapshot& snapshot, const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_READ_POINT_H_
