#ifndef VECDB_ENGINE_VERIFY_H_
#define VECDB_ENGINE_VERIFY_H_

#include "absl/status/status.h"
#include "engine/collection_core.h"
#include "vecdb/context.h"
#include "vecdb/database.h"

namespace vecdb::engine {

/// Reads and checks every object of the newest manifest of a collection, and its journal, while
/// writers wait for the latter. Adds to `report` what it finds; errors are those that say nothing
/// of the bytes.
absl::Status VerifyCollection(CollectionCore* core, VerifyReport* report, const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_VERIFY_H_
