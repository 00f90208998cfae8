#ifndef VECDB_ENGINE_COLLECTION_OPTIONS_H_
#define VECDB_ENGINE_COLLECTION_OPTIONS_H_

#include "absl/status/status.h"
#include "vecdb/collection.h"

namespace vecdb::engine {

/// InvalidArgument, naming option, value and range.
absl::Status ValidateOptions(const CollectionOptions& options);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COLLECTION_OPTIONS_H_
