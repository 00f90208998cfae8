#ifndef VECDB_BASE_LOCAL_FILE_SYSTEM_H_
#define VECDB_BASE_LOCAL_FILE_SYSTEM_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/root_directory.h"
#include "vecdb/file_system.h"

namespace vecdb::base {

/// OpenLocalFileSystem with the way of resolving paths chosen; for tests of the way that the kernel
/// at hand would not need.
absl::StatusOr<std::shared_ptr<FileSystem>> OpenLocalFileSystem(const std::string& root,
                                                                PathResolution resolution);

}  // namespace vecdb::base

#endif  // VECDB_BASE_LOCAL_FILE_SYSTEM_H_
