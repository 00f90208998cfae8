#ifndef VECDB_ENGINE_EXPIRY_H_
#define VECDB_ENGINE_EXPIRY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "query/fetch.h"
#include "vecdb/collection.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// Where the row of each key of a batch is; nullopt where there is none.
using KeyPlaces = std::vector<std::optional<query::RowPlace>>;

inline bool RowsExpire(const CollectionOptions& options) { return options.ttl_seconds > 0; }

/// Rows that were written before this timestamp have expired for a read of the millisecond
/// `millis`: a row of the millisecond w has at w + ttl. 0 when rows do not expire.
uint64_t AliveFrom(const CollectionOptions& options, int64_t millis);

/// For each place whether its row was written before `alive_from`.
absl::StatusOr<std::vector<bool>> FindExpired(const View& view, const KeyPlaces& places,
                                              uint64_t alive_from, const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_EXPIRY_H_
