#ifndef VECDB_BASE_LOCAL_FILE_H_
#define VECDB_BASE_LOCAL_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/file_descriptor.h"
#include "vecdb/file_system.h"

namespace vecdb::base {

/// Reads the open regular file `descriptor` with pread; `name` is for messages. FailedPrecondition
/// when it is something other than a regular file.
absl::StatusOr<std::unique_ptr<RandomAccessFile>> MakeLocalReadFile(FileDescriptor descriptor,
                                                                    std::string name);

/// Appends to the new, empty file `descriptor`, straight from the caller's memory.
std::unique_ptr<AppendFile> MakeLocalAppendFile(FileDescriptor descriptor, std::string name);

/// Locks the open file `descriptor` until the result is destroyed. The lock belongs to this opening
/// of the file, so that it excludes other openings in this process too. FailedPrecondition when it
/// is locked already; nullptr when it has lost its name since it was opened, which whoever asks
/// next for the lock may have given to another.
absl::StatusOr<std::unique_ptr<FileLock>> MakeLocalFileLock(FileDescriptor descriptor,
                                                            const std::string& name);

}  // namespace vecdb::base

#endif  // VECDB_BASE_LOCAL_FILE_H_
