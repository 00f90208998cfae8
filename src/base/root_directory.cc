#include "base/root_directory.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <utility>

#include "base/errno_status.h"
#include "base/file_path.h"
#include "base/status_macros.h"

namespace vecdb::base {
namespace {

constexpr mode_t kRootMode = 0755;

// glibc has no function for it. The kernel refuses links and whatever leads out of `directory`.
int OpenBeneath(int directory, const char* path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<__u64>(static_cast<unsigned>(flags));
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  int descriptor = -1;
  // EAGAIN: something on the way was renamed meanwhile, and the kernel wants to be asked again.
  constexpr int kTries = 16;
  for (int tries = 0; tries < kTries; ++tries) {
    descriptor = RetryOnInterrupt([&] {
      return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof(how)));
    });
    if (descriptor >= 0 || errno != EAGAIN) break;
  }
  return descriptor;
}

// Older kernels answer ENOSYS, some sandboxes EPERM.
bool HasOpenat2(int directory) {
  return FileDescriptor(OpenBeneath(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0)).is_open();
}

FileDescriptor OpenRoot(const std::string& root) {
  return FileDescriptor(
      RetryOnInterrupt([&] { return ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
}

absl::Status SyncHostDirectory(const std::string& path) {
  const FileDescriptor directory = OpenRoot(path);
  if (!directory.is_open() || RetryOnInterrupt([&] { return ::fsync(directory.get()); }) != 0) {
    return ErrnoStatus(errno, "sync directory", path);
  }
  return absl::OkStatus();
}

// Makes one directory and makes its name last. `path` has no '/' at its end.
absl::Status MakeHostDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), kRootMode) != 0) {
    if (errno == EEXIST) return absl::OkStatus();
    return ErrnoStatus(errno, "make directory", path);
  }
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return SyncHostDirectory(".");
  return SyncHostDirectory(path.substr(0, slash + 1));
}

absl::Status MakeHostDirectories(const std::string& path) {
  for (size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    if (path[end - 1] == '/') continue;
    const std::string above = path.substr(0, end);
    // What is there already need not be writable, nor readable.
    if (::access(above.c_str(), F_OK) != 0) VECDB_RETURN_IF_ERROR(MakeHostDirectory(above));
  }
  return path.back() == '/' ? absl::OkStatus() : MakeHostDirectory(path);
}

}  // namespace

absl::StatusOr<RootDirectory> RootDirectory::Open(const std::string& root,
                                                  PathResolution resolution) {
  if (root.empty() || root.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(
        "the root directory has an empty name, or one with a NUL byte");
  }
  FileDescriptor handle = OpenRoot(root);
  if (!handle.is_open() && errno == ENOENT) {
    VECDB_RETURN_IF_ERROR(MakeHostDirectories(root));
    handle = OpenRoot(root);
  }
  if (!handle.is_open()) return ErrnoStatus(errno, "open directory", root);
  const bool has_openat2 = resolution == PathResolution::kKernel && HasOpenat2(handle.get());
  return RootDirectory(root, std::move(handle), has_openat2);
}

absl::StatusOr<FileDescriptor> RootDirectory::OpenBelow(const std::string& path, int flags,
                                                        mode_t mode) const {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  const char* name = path.empty() ? "." : path.c_str();
  FileDescriptor opened = has_openat2_
                              ? FileDescriptor(OpenBeneath(handle_.get(), name, flags, mode))
                              : OpenByComponents(path, flags, mode);
  if (!opened.is_open()) return ErrnoStatus(errno, "open", FullName(path));
  return opened;
}

FileDescriptor RootDirectory::OpenByComponents(const std::string& path, int flags,
                                               mode_t mode) const {
  FileDescriptor directory;
  int at = handle_.get();
  size_t start = 0;
  for (size_t end; (end = path.find('/', start)) != std::string::npos; start = end + 1) {
    const std::string name = path.substr(start, end - start);
    directory = FileDescriptor(RetryOnInterrupt(
        [&] { return ::openat(at, name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW); }));
    if (!directory.is_open()) return directory;
    at = directory.get();
  }
  const std::string name = path.empty() ? "." : path.substr(start);
  return FileDescriptor(RetryOnInterrupt([&] { return ::openat(at, name.c_str(), flags, mode); }));
}

absl::StatusOr<FileDescriptor> RootDirectory::OpenParent(const std::string& path) const {
  return OpenBelow(std::string(ParentPath(path)), O_PATH | O_DIRECTORY);
}

std::string RootDirectory::FullName(const std::string& path) const {
  return path.empty() ? root_ : JoinPath(root_, path);
}

}  // namespace vecdb::base
