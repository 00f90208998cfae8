#ifndef VECDB_SUPPORT_FAULT_FILE_SYSTEM_H_
#define VECDB_SUPPORT_FAULT_FILE_SYSTEM_H_

#include <memory>
#include <string>
#include <vector>

#include "support/fault_injector.h"
#include "vecdb/file_system.h"

namespace vecdb::support {

/// A file system whose calls, and those of its files, fail as `injector` says. The calls carry the
/// names of the methods of FileSystem, "ReadAt", "Append" and "Sync". Thread-safe.
class FaultFileSystem : public FileSystem {
 public:
  FaultFileSystem(std::shared_ptr<FileSystem> base, std::shared_ptr<FaultInjector> injector);

  absl::StatusOr<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<AppendFile>> CreateFile(const std::string& path) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status Unlink(const std::string& path) override;
  absl::Status CreateDirectories(const std::string& path) override;
  absl::Status RemoveDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  std::string root() const override;

 private:
  const std::shared_ptr<FileSystem> base_;
  const std::shared_ptr<FaultInjector> injector_;
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FAULT_FILE_SYSTEM_H_
