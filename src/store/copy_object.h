#ifndef VECDB_STORE_COPY_OBJECT_H_
#define VECDB_STORE_COPY_OBJECT_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "vecdb/context.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// How much of an object is worth being in memory at a time.
inline constexpr uint64_t kCopyBytes = uint64_t{4} << 20;

/// Copies an object to a name of another store, or of the same, through `buffer`. The errors of
/// both stores; AlreadyExists when there is an object of the new name.
absl::Status CopyObject(ObjectStore& from, const ObjectPath& path, ObjectStore& to,
                        const ObjectPath& new_path, std::span<std::byte> buffer,
                        const Context& context);

}  // namespace vecdb::store

#endif  // VECDB_STORE_COPY_OBJECT_H_
