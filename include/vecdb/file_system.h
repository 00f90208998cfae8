#ifndef VECDB_FILE_SYSTEM_H_
#define VECDB_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/clock.h"

namespace vecdb {

/// The bytes of a file, shown in memory by the system instead of being read, until this is
/// destroyed: also when the file has been closed or unlinked meanwhile. Immutable.
///
/// Whoever touches bytes that a truncation has taken away since, or that the disk fails to give, is
/// ended by the system (SIGBUS). So only files that nobody else changes should be mapped.
class MappedBytes {
 public:
  virtual ~MappedBytes() = default;

  virtual std::span<const std::byte> bytes() const = 0;
};

/// A file open for reading at any offset. Thread-safe.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;

  virtual uint64_t size() const = 0;

  /// Fills `out` from `offset`. OutOfRange when the file ends before; DataLoss when it has shrunk.
  virtual absl::Status ReadAt(uint64_t offset, std::span<std::byte> out) const = 0;

  /// Shows the whole file in memory. Unimplemented where there is no such thing: it is to be read
  /// then. DataLoss when the file has shrunk; ResourceExhausted.
  virtual absl::StatusOr<std::unique_ptr<MappedBytes>> Map() const {
    return absl::UnimplementedError("this file cannot be mapped");
  }

  /// The descriptor that the system knows the file by, for reads that nobody waits for; -1, the
  /// default, where there is none. It stays open for as long as this does, and is only read from.
  virtual int descriptor() const { return -1; }
};

/// A new file open for appending. For one thread at a time. Closed, not synced, on destruction.
class AppendFile {
 public:
  virtual ~AppendFile() = default;

  /// Makes room for `bytes` in all: zeros behind what is appended, which later appends take the
  /// place of, so that these change no metadata and Sync is short. The file then reads as that
  /// long. A wish: OK, with nothing done, where a system has no such thing. ResourceExhausted when
  /// there is no space.
  virtual absl::Status Preallocate(uint64_t bytes) {
    (void)bytes;
    return absl::OkStatus();
  }

  /// Appends all of `bytes` and hands them to the system: once it returns they survive the process,
  /// though not a power cut. After an error it is not known how much of them is in the file.
  virtual absl::Status Append(std::span<const std::byte> bytes) = 0;

  /// Makes what was appended survive a power cut. After an error never call it again on this file:
  /// the system may have dropped the bytes and would answer OK.
  virtual absl::Status Sync() = 0;
};

/// Held while a file is locked; destroying it unlocks.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct DirectoryEntry {
  std::string name{};
  bool is_directory = false;
  uint64_t size_bytes = 0;  ///< of a file
  int64_t modified_ms = 0;  ///< of a file: when it was last written, ms since 1970-01-01 UTC
};

/// A tree of files below one root: what local object stores and local logs stand on.
///
/// Paths are relative to the root, with '/' between names and no leading '/'; "" is the root
/// itself. Names come from ObjectPath or from the library, so an implementation may refuse any with
/// "." or "..". The order of Sync, Link and SyncDirectory is what durability rests on; tests hand
/// in file systems that lose, tear and fail each of them. Errors: NotFound, AlreadyExists,
/// ResourceExhausted (no space, no descriptors), PermissionDenied, FailedPrecondition (a file where
/// a directory belongs, or the other way round, or a symbolic link on the way), InvalidArgument for
/// such a path, otherwise Unknown; each message names the path. Implementations must be
/// thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual absl::StatusOr<std::unique_ptr<RandomAccessFile>> OpenForRead(
      const std::string& path) = 0;

  /// Makes a new, empty file. AlreadyExists when the name is taken. The name survives a power cut
  /// only after SyncDirectory.
  virtual absl::StatusOr<std::unique_ptr<AppendFile>> CreateFile(const std::string& path) = 0;

  /// Gives a file a second name. AlreadyExists, with nothing changed, when the new name is taken.
  virtual absl::Status Link(const std::string& from, const std::string& to) = 0;

  /// Removes a name of a file. NotFound when it is not there.
  virtual absl::Status Unlink(const std::string& path) = 0;

  /// Makes a directory and those above it. OK when it is there already.
  virtual absl::Status CreateDirectories(const std::string& path) = 0;

  /// Removes an empty directory. FailedPrecondition when it is not empty.
  virtual absl::Status RemoveDirectory(const std::string& path) = 0;

  /// The entries of one directory, sorted by name. Symbolic links are left out.
  virtual absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) = 0;

  /// Makes the names in a directory survive a power cut.
  virtual absl::Status SyncDirectory(const std::string& path) = 0;

  /// Creates `path` if need be and locks it. FailedPrecondition when it is locked already, by this
  /// process or another.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;

  /// The root, for messages.
  virtual std::string root() const = 0;
};

/// The directory `root` of the operating system, created with those above it when absent. Every
/// path is opened relative to a handle on it and no symbolic link is followed.
absl::StatusOr<std::shared_ptr<FileSystem>> OpenLocalFileSystem(const std::string& root);

/// A file system in memory. A lock excludes other holders of the same object only. `clock`, which
/// dates the files, must outlive it.
std::shared_ptr<FileSystem> MakeMemoryFileSystem(const Clock& clock = SystemClock());

}  // namespace vecdb

#endif  // VECDB_FILE_SYSTEM_H_
