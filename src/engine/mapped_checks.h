#ifndef VECDB_ENGINE_MAPPED_CHECKS_H_
#define VECDB_ENGINE_MAPPED_CHECKS_H_

#include "engine/collection_core.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// Whether something that is mapped waits for its checksums to be looked at.
bool HasUnchecked(const View& view);

/// Checks what is mapped of the segments of now, a section at a time, on the calling thread, until
/// the context ends. A segment whose vectors are damaged is shown as that; an index that is damaged
/// is left aside and rows are compared one by one. True when there was such an index, which is to
/// be built again.
bool CheckMapped(CollectionCore* core, const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_MAPPED_CHECKS_H_
