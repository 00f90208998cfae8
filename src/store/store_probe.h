#ifndef VECDB_STORE_STORE_PROBE_H_
#define VECDB_STORE_STORE_PROBE_H_

#include <string_view>

#include "absl/status/status.h"
#include "vecdb/context.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// Finds out whether a store creates objects only if they are absent, on which every commit rests:
/// some S3 look-alikes take the condition and ignore it. Creates `<folder>/probe-<random id>`
/// twice, reads and lists it, and deletes it.
///
/// FailedPrecondition, saying what the store did and that `override_name` is the option that opens
/// it all the same, when it may not be written to; errors that say nothing of that, such as
/// Unavailable, as they are.
absl::Status ProbeCreateIfAbsent(ObjectStore& store, const ObjectPath& folder,
                                 std::string_view override_name, const Context& context);

}  // namespace vecdb::store

#endif  // VECDB_STORE_STORE_PROBE_H_
