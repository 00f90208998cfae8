#ifndef VECDB_ENGINE_JOURNAL_SETUP_H_
#define VECDB_ENGINE_JOURNAL_SETUP_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "engine/writer.h"
#include "vecdb/collection.h"
#include "vecdb/context.h"
#include "vecdb/database.h"

namespace vecdb::engine {

/// The place that an option stands for in this database. InvalidArgument when it has no directory.
absl::StatusOr<JournalPlace> ResolveJournalPlace(const Environment& environment,
                                                 JournalPlace wanted);

/// Makes a log for a collection that has none yet, and commits a manifest that names it, so that a
/// later opening knows that there is one to be found. Nothing to do when there is one, or when the
/// collection keeps none. Takes the maintenance gate.
absl::Status StartJournal(CollectionCore* core, const Context& context);

/// Replays the log that the manifest names into growing segments, and continues it. Changes nothing
/// in its place before the first write. For a collection that nobody uses yet; can be repeated any
/// number of times. FailedPrecondition when the log is not where the manifest says; DataLoss when
/// it is damaged; `options` has the ways on.
absl::StatusOr<RecoveryReport> RecoverJournal(CollectionCore* core, Writer* writer,
                                              const OpenOptions& options, const Context& context);

/// The same for a collection that is opened for reading alone, whose writer may be at work: the log
/// as far as it goes. True when every write that was durable before the call is there; false when
/// the log cannot be read from here.
absl::StatusOr<bool> ReadJournal(CollectionCore* core, Writer* writer, RecoveryReport* report,
                                 const Context& context);

/// Reads and checks the log that the newest manifest names, under the maintenance and write gates.
absl::Status VerifyJournal(CollectionCore* core, VerifyReport* report, const Context& context);

/// Removes every log in a directory, for a collection that was dropped. OK when it is not there.
absl::Status RemoveJournals(FileSystem& files, const std::string& directory);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_JOURNAL_SETUP_H_
