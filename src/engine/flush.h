#ifndef VECDB_ENGINE_FLUSH_H_
#define VECDB_ENGINE_FLUSH_H_

#include "absl/status/status.h"
#include "engine/collection_core.h"
#include "engine/writer.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// Moves what has been written from the journal into segments:
///
///   1. seal the growing segments, which fixes a time T: all writes up to T are in the segments of
///   now, and the journal goes on in a new file;
///   2. write the rows of each segment that is not in the store yet, under a fresh name;
///   3. write the deletes up to T of each segment that has new ones;
///   4. commit a manifest that names them all, and T, and the files of the journal that are still
///   needed: those that may hold a write beyond T;
///   5. only now delete the others;
///   6. let readers read the sealed segments, loaded first when the collection is.
///
/// All shards are flushed together, so that a manifest holds each batch whole or not at all. After
/// an error before 4 nothing has changed; the next flush writes everything again under other names.
absl::Status Flush(CollectionCore* core, Writer* writer, const Context& context);

/// The same for a collection that takes no calls any more: after it no journal is needed.
absl::Status FlushAndEndJournal(CollectionCore* core, Writer* writer, const Context& context);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_FLUSH_H_
