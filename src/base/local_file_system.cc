#include "base/local_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/errno_status.h"
#include "base/file_path.h"
#include "base/local_file.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::base {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirectoryMode = 0755;
constexpr int kLockTries = 100;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

// Adds what `name` is, unless it is a link, a device or gone by now.
absl::Status AddEntry(int directory, const char* name, std::vector<DirectoryEntry>& entries) {
  struct stat info {};
  if (::fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? absl::OkStatus() : ErrnoStatus(errno, "stat", name);
  }
  if (S_ISDIR(info.st_mode)) {
    entries.push_back({.name = name, .is_directory = true});
  } else if (S_ISREG(info.st_mode)) {
    entries.push_back({.name = name,
                       .size_bytes = static_cast<uint64_t>(info.st_size),
                       .modified_ms = int64_t{info.st_mtim.tv_sec} * 1000 +
                                      int64_t{info.st_mtim.tv_nsec} / 1'000'000});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DirectoryEntry>> ReadEntries(DIR* directory, const std::string& name) {
  std::vector<DirectoryEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory);
    if (entry == nullptr && errno != 0) return ErrnoStatus(errno, "list", name);
    if (entry == nullptr) break;
    const std::string_view entry_name = entry->d_name;
    if (entry_name == "." || entry_name == "..") continue;
    VECDB_RETURN_IF_ERROR(AddEntry(::dirfd(directory), entry->d_name, entries));
  }
  std::sort(entries.begin(), entries.end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  return entries;
}

class LocalFileSystem : public FileSystem {
 public:
  explicit LocalFileSystem(RootDirectory root) : root_(std::move(root)) {}

  absl::StatusOr<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(CheckFileName(path));
    // O_NONBLOCK: a pipe under the name of a file must not make the call wait.
    VECDB_ASSIGN_OR_RETURN(FileDescriptor file, root_.OpenBelow(path, O_RDONLY | O_NONBLOCK));
    return MakeLocalReadFile(std::move(file), root_.FullName(path));
  }

  absl::StatusOr<std::unique_ptr<AppendFile>> CreateFile(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(CheckFileName(path));
    VECDB_ASSIGN_OR_RETURN(FileDescriptor file,
                           root_.OpenBelow(path, O_WRONLY | O_CREAT | O_EXCL, kFileMode));
    return MakeLocalAppendFile(std::move(file), root_.FullName(path));
  }

  absl::Status Link(const std::string& from, const std::string& to) override {
    VECDB_RETURN_IF_ERROR(CheckFileName(from));
    VECDB_RETURN_IF_ERROR(CheckFileName(to));
    VECDB_ASSIGN_OR_RETURN(const FileDescriptor from_parent, root_.OpenParent(from));
    VECDB_ASSIGN_OR_RETURN(const FileDescriptor to_parent, root_.OpenParent(to));
    const std::string from_name(BaseName(from));
    const std::string to_name(BaseName(to));
    const int result = RetryOnInterrupt([&] {
      return ::linkat(from_parent.get(), from_name.c_str(), to_parent.get(), to_name.c_str(), 0);
    });
    return result == 0 ? absl::OkStatus() : ErrnoStatus(errno, "link", root_.FullName(to));
  }

  absl::Status Unlink(const std::string& path) override { return Remove(path, "unlink", 0); }

  absl::Status RemoveDirectory(const std::string& path) override {
    return Remove(path, "remove directory", AT_REMOVEDIR);
  }

  absl::Status CreateDirectories(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(CheckFilePath(path));
    for (size_t start = 0; start < path.size();) {
      const size_t end = std::min(path.find('/', start), path.size());
      VECDB_RETURN_IF_ERROR(CreateDirectory(path.substr(0, end)));
      start = end + 1;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(CheckFilePath(path));
    VECDB_ASSIGN_OR_RETURN(FileDescriptor opened, root_.OpenBelow(path, O_RDONLY | O_DIRECTORY));
    const DirectoryStream stream(::fdopendir(opened.get()));
    if (stream == nullptr) return ErrnoStatus(errno, "list", root_.FullName(path));
    (void)opened.Release();  // the stream's from here on
    return ReadEntries(stream.get(), root_.FullName(path));
  }

  absl::Status SyncDirectory(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(CheckFilePath(path));
    VECDB_ASSIGN_OR_RETURN(const FileDescriptor directory,
                           root_.OpenBelow(path, O_RDONLY | O_DIRECTORY));
    const int result = RetryOnInterrupt([&] { return ::fsync(directory.get()); });
    return result == 0 ? absl::OkStatus()
                       : ErrnoStatus(errno, "sync directory", root_.FullName(path));
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(CheckFileName(path));
    for (int tries = 0; tries < kLockTries; ++tries) {
      VECDB_ASSIGN_OR_RETURN(FileDescriptor file,
                             root_.OpenBelow(path, O_RDWR | O_CREAT | O_NONBLOCK, kFileMode));
      auto lock = MakeLocalFileLock(std::move(file), root_.FullName(path));
      // A holder may have removed the file, and then let go of it, since it was opened here.
      if (!lock.ok() || *lock != nullptr) return lock;
    }
    return absl::FailedPreconditionError(
        StrFormat("'%s' is removed again and again", root_.FullName(path)));
  }

  std::string root() const override { return root_.root(); }

 private:
  absl::Status Remove(const std::string& path, std::string_view operation, int flags) {
    VECDB_RETURN_IF_ERROR(CheckFileName(path));
    VECDB_ASSIGN_OR_RETURN(const FileDescriptor parent, root_.OpenParent(path));
    const std::string name(BaseName(path));
    const int result =
        RetryOnInterrupt([&] { return ::unlinkat(parent.get(), name.c_str(), flags); });
    return result == 0 ? absl::OkStatus() : ErrnoStatus(errno, operation, root_.FullName(path));
  }

  absl::Status CreateDirectory(const std::string& path) {
    VECDB_ASSIGN_OR_RETURN(const FileDescriptor parent, root_.OpenParent(path));
    const std::string name(BaseName(path));
    if (::mkdirat(parent.get(), name.c_str(), kDirectoryMode) == 0) return absl::OkStatus();
    if (errno != EEXIST) return ErrnoStatus(errno, "make directory", root_.FullName(path));
    // A file, or a link, may have the name.
    return root_.OpenBelow(path, O_PATH | O_DIRECTORY).status();
  }

  const RootDirectory root_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<FileSystem>> OpenLocalFileSystem(const std::string& root,
                                                                PathResolution resolution) {
  VECDB_ASSIGN_OR_RETURN(RootDirectory directory, RootDirectory::Open(root, resolution));
  return std::make_shared<LocalFileSystem>(std::move(directory));
}

}  // namespace vecdb::base

namespace vecdb {

absl::StatusOr<std::shared_ptr<FileSystem>> OpenLocalFileSystem(const std::string& root) {
  return base::OpenLocalFileSystem(root, base::PathResolution::kKernel);
}

}  // namespace vecdb
