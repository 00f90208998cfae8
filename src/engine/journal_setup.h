#ifndef VECDB_ENGINE_JOURNAL_SETUP_H_
#define VECDB_ENGINE_JOURNAL_SETUP_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/collection_core.h"
#include "engine/writer.h"
#include "journal/kept_log_place.h"
#include "journal/log_follower.h"
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
/// in its place before the first write, but for the object that fences an older writer of a log of
/// objects. For a collection that nobody uses yet; can be repeated any number of times.
/// FailedPrecondition when the log is not where the manifest says; DataLoss when it is damaged;
/// `options` has the ways on.
absl::StatusOr<RecoveryReport> RecoverJournal(CollectionCore* core, Writer* writer,
                                              const OpenOptions& options, const Context& context);

/// The journal of a collection that is read alone: how far it has been read, and what of it is kept
/// in memory.
struct FollowedJournal {
  /// Every write that was durable before the journal was read is there; false when it cannot be
  /// read from here, or is not asked for.
  bool is_complete = false;
  bool is_read = false;    ///< there is a log, and it has been looked for
  uint64_t last_file = 0;  ///< that was listed, of a log that was found
  /// That of objects can be read on from where the last look ended; null for others.
  std::unique_ptr<journal::LogFollower> follower{};
  std::shared_ptr<journal::KeptLogPlace> place{};  ///< of the follower
  std::string log_id{};                            ///< of the place
};

/// The same for a collection that is opened for reading alone, whose writer may be at work: the log
/// as far as its files were there when they were listed. `before`, which may be null, is what an
/// earlier opening has in memory of it.
absl::StatusOr<FollowedJournal> ReadJournal(CollectionCore* core, Writer* writer,
                                            const FollowedJournal* before, RecoveryReport* report,
                                            const Context& context);

/// Applies what `news`, files that the follower has found, hold; gives the number of rows. Beside
/// readers. DataLoss when the log was cut meanwhile or is damaged: it is to be read anew.
absl::StatusOr<uint64_t> ReadJournalOn(CollectionCore* core, Writer* writer,
                                       std::span<const journal::LogFileInfo> news,
                                       journal::LogFollower* follower, const Context& context);

/// Reads and checks the log that the newest manifest names, under the maintenance and write gates.
absl::Status VerifyJournal(CollectionCore* core, VerifyReport* report, const Context& context);

/// Removes every log in a directory, for a collection that was dropped. OK when it is not there.
absl::Status RemoveJournals(FileSystem& files, const std::string& directory);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_JOURNAL_SETUP_H_
