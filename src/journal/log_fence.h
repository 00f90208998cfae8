#ifndef VECDB_JOURNAL_LOG_FENCE_H_
#define VECDB_JOURNAL_LOG_FENCE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "journal/log_place.h"
#include "journal/log_writer.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::journal {

/// Takes the next number of a log whose files come whole, with a file without records: a writer
/// that is at work still, or sleeps, finds it taken and stops. Before the log is read, which may
/// take long, so that a busy writer is not ahead for ever: it is tried again while that writer is
/// faster.
///
/// False when nothing was made, because there is no file from `first_file` on or the last one is
/// not whole: reading the log tells what is wrong. Aborted when the other writer was faster each
/// time; Unknown when it cannot be told whether the file is there.
absl::StatusOr<bool> FenceLog(LogPlace* place, const LogIdentity& identity, uint64_t first_file,
                              const Host& host, const Context& context);

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_LOG_FENCE_H_
