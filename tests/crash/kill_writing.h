#ifndef VECDB_CRASH_KILL_WRITING_H_
#define VECDB_CRASH_KILL_WRITING_H_

#include <string>
#include <vector>

#include "crash/kill_protocol.h"

namespace vecdb::support {

/// The main of a program that a test kills:
///
///   PROGRAM write PLACE SEED FIRST_BATCH WRITERS    writes until it is killed
///   PROGRAM finish PLACE                            flushes and indexes, and closes
///   PROGRAM dump PLACE SEED LAST_BATCH WRITERS      tells every row
///
/// PLACE is a directory, or an object store that `open_store` opens. Records of KillRecord go to
/// descriptor 3. An error that should not be goes to stderr, and the program ends with 1; with
/// kFencedExit when another writer of a store has taken over.
int RunKillWriter(const std::vector<std::string>& arguments, OpenKillStore open_store);

}  // namespace vecdb::support

#endif  // VECDB_CRASH_KILL_WRITING_H_
