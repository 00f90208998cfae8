#ifndef VECDB_ENGINE_INTERIM_INDEXES_H_
#define VECDB_ENGINE_INTERIM_INDEXES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "engine/collection_core.h"
#include "query/segment_view.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// Fewer growing rows are compared one by one.
inline constexpr uint32_t kMinInterimRows = 2048;
/// So many rows may be there that an interim index does not have yet.
inline constexpr uint32_t kInterimLag = 512;

/// Whether growing rows that searches read lack an interim index, or one is far behind them. Every
/// index of a vector field but FLAT, whose searches are exact, has one.
bool InterimIsDue(const CollectionCore& core);

/// Extends every one that is due by some thousand rows. One call at a time. ResourceExhausted when
/// memory does not suffice, after which rows are compared one by one; Cancelled, DeadlineExceeded.
absl::Status ExtendInterims(CollectionCore* core, const Context& context);

/// Whether growing rows that have just been flushed are to be searched, by their interim index,
/// until the indexes of the sealed rows are built.
bool ServesUntilBuilt(const CollectionCore& core, const View& view,
                      const query::SegmentView& segment);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_INTERIM_INDEXES_H_
