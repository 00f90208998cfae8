#ifndef VECDB_ENGINE_INGEST_H_
#define VECDB_ENGINE_INGEST_H_

#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "engine/writer.h"
#include "vecdb/collection.h"
#include "vecdb/context.h"
#include "vecdb/object_store.h"
#include "vecdb/segment.h"

namespace vecdb::engine {

/// Takes a segment that was built elsewhere into a collection; see Collection::IngestSegment.
///
///   1. copy its objects under a fresh name, and check every byte of its rows;
///   2. check its keys: each once, all of one shard, none in the collection;
///   3. flush, so that the journal has nothing to say that is older;
///   4. under the maintenance gate, load what searches read;
///   5. under the write gate, look for keys among what was written meanwhile, and commit a manifest
///      with the segment, whose rows all get the time of this.
///
/// Before 5 nothing that anybody reads has changed; what was written by then is removed again.
absl::StatusOr<WriteResult> Ingest(CollectionCore* core, Writer* writer, ObjectStore& source,
                                   const SegmentInfo& info, const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_INGEST_H_
