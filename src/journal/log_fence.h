#ifndef VECDB_JOURNAL_LOG_FENCE_H_
#define VECDB_JOURNAL_LOG_FENCE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "journal/log_place.h"
#include "journal/log_writer.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::journal {

/// Files of a log that have been there: numbers `first` to `last`, and any after it.
struct NeededFiles {
  uint64_t first = 0;
  uint64_t last = 0;
};

/// Takes the next number of a log whose files come whole, with a file without records: a writer
/// that is at work still, or sleeps, finds it taken and stops. Before the log is read, which may
/// take long, so that a busy writer is not ahead for ever: it is tried again while that writer is
/// faster.
///
/// False when nothing was made, because there is no file from `needed.first` on, one up to
/// `needed.last` is missing, or the last one is not whole: reading the log tells what is wrong.
/// FailedPrecondition when the last one is of a newer writer; Aborted when the other writer was
/// faster each time; Unknown when it cannot be told whether the file is there.
absl::StatusOr<bool> FenceLog(LogPlace* place, const LogIdentity& identity,
                              const NeededFiles& needed, const Host& host, const Context& context);

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_LOG_FENCE_H_
