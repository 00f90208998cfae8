#ifndef VECDB_BASE_ROOT_DIRECTORY_H_
#define VECDB_BASE_ROOT_DIRECTORY_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_descriptor.h"

namespace vecdb::base {

/// Who keeps a path below the root and away from symbolic links.
enum class PathResolution {
  kKernel,      // openat2 where the system has it, otherwise as kComponents
  kComponents,  // one openat for each name of the path, none of which follows a link
};

/// A handle on a directory, through which files below it are opened and none outside. Thread-safe.
///
/// The handle stays on the directory when it is renamed, and when the process changes its own.
class RootDirectory {
 public:
  /// Opens `root`, after making it, and those above it, when it is absent. Links on the way to the
  /// root itself are the host's choice and followed. FailedPrecondition when it is not a directory.
  static absl::StatusOr<RootDirectory> Open(const std::string& root, PathResolution resolution);

  /// Opens a checked path (CheckFilePath) with the flags and mode of open(2); O_CLOEXEC and
  /// O_NOFOLLOW are added. FailedPrecondition when a symbolic link is on the way.
  absl::StatusOr<FileDescriptor> OpenBelow(const std::string& path, int flags,
                                           mode_t mode = 0) const;

  /// Opens the directory that holds `path`, for system calls that take a directory and a name.
  absl::StatusOr<FileDescriptor> OpenParent(const std::string& path) const;

  const std::string& root() const { return root_; }

  /// `path` with the root before it, for messages.
  std::string FullName(const std::string& path) const;

 private:
  RootDirectory(std::string root, FileDescriptor handle, bool has_openat2)
      : root_(std::move(root)), handle_(std::move(handle)), has_openat2_(has_openat2) {}

  FileDescriptor OpenByComponents(const std::string& path, int flags, mode_t mode) const;

  std::string root_;
  FileDescriptor handle_;
  bool has_openat2_;
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_ROOT_DIRECTORY_H_
