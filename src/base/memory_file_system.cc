#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/file_path.h"
#include "base/mutex.h"
#include "base/read_range.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "vecdb/file_system.h"

namespace vecdb {
namespace {

// The bytes of a file, which all of its names and openings share.
struct FileBytes {
  explicit FileBytes(const Clock& clock_in) : clock(clock_in), modified_ms(clock_in.NowMillis()) {}

  const Clock& clock;
  base::Mutex mutex;  // a leaf of the lock order
  std::vector<std::byte> bytes ABSL_GUARDED_BY(mutex);
  int64_t modified_ms ABSL_GUARDED_BY(mutex);

  uint64_t size() {
    base::MutexLock lock(&mutex);
    return bytes.size();
  }
};

using FilePointer = std::shared_ptr<FileBytes>;  // null stands for a directory

// Names of locked files, shared with the locks, which may outlive the file system.
struct Locks {
  base::Mutex mutex;  // a leaf of the lock order
  std::set<std::string> held ABSL_GUARDED_BY(mutex);
};

class MemoryReadFile : public RandomAccessFile {
 public:
  MemoryReadFile(std::string path, FilePointer file)
      : path_(std::move(path)), file_(std::move(file)), size_(file_->size()) {}

  uint64_t size() const override { return size_; }

  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    VECDB_RETURN_IF_ERROR(base::CheckReadRange(path_, size_, offset, out.size()));
    base::MutexLock lock(&file_->mutex);
    if (!out.empty()) std::memcpy(out.data(), file_->bytes.data() + offset, out.size());
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const FilePointer file_;
  const uint64_t size_;
};

class MemoryAppendFile : public AppendFile {
 public:
  explicit MemoryAppendFile(FilePointer file) : file_(std::move(file)) {}

  absl::Status Append(std::span<const std::byte> bytes) override {
    const int64_t now = file_->clock.NowMillis();
    base::MutexLock lock(&file_->mutex);
    file_->bytes.insert(file_->bytes.end(), bytes.begin(), bytes.end());
    file_->modified_ms = now;
    return absl::OkStatus();
  }

  absl::Status Sync() override { return absl::OkStatus(); }

 private:
  const FilePointer file_;
};

class MemoryFileLock : public FileLock {
 public:
  MemoryFileLock(std::string path, std::shared_ptr<Locks> locks)
      : path_(std::move(path)), locks_(std::move(locks)) {}
  ~MemoryFileLock() override {
    base::MutexLock lock(&locks_->mutex);
    locks_->held.erase(path_);
  }

 private:
  const std::string path_;
  const std::shared_ptr<Locks> locks_;
};

class MemoryFileSystem : public FileSystem {
 public:
  explicit MemoryFileSystem(const Clock& clock) : clock_(clock) {}

  absl::StatusOr<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(base::CheckFileName(path));
    base::MutexLock lock(&mutex_);
    VECDB_ASSIGN_OR_RETURN(FilePointer file, FindFile(path));
    return std::make_unique<MemoryReadFile>(path, std::move(file));
  }

  absl::StatusOr<std::unique_ptr<AppendFile>> CreateFile(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(base::CheckFileName(path));
    auto file = std::make_shared<FileBytes>(clock_);
    base::MutexLock lock(&mutex_);
    VECDB_RETURN_IF_ERROR(AddFile(path, file));
    return std::make_unique<MemoryAppendFile>(std::move(file));
  }

  absl::Status Link(const std::string& from, const std::string& to) override {
    VECDB_RETURN_IF_ERROR(base::CheckFileName(from));
    VECDB_RETURN_IF_ERROR(base::CheckFileName(to));
    base::MutexLock lock(&mutex_);
    VECDB_ASSIGN_OR_RETURN(FilePointer file, FindFile(from));
    return AddFile(to, std::move(file));
  }

  absl::Status Unlink(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(base::CheckFileName(path));
    base::MutexLock lock(&mutex_);
    VECDB_RETURN_IF_ERROR(FindFile(path).status());
    entries_.erase(path);
    return absl::OkStatus();
  }

  absl::Status CreateDirectories(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(base::CheckFilePath(path));
    base::MutexLock lock(&mutex_);
    for (size_t start = 0; start < path.size();) {
      const size_t end = std::min(path.find('/', start), path.size());
      const std::string directory = path.substr(0, end);
      if (entries_.try_emplace(directory).first->second != nullptr)
        return base::NotADirectory(directory);
      start = end + 1;
    }
    return absl::OkStatus();
  }

  absl::Status RemoveDirectory(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(base::CheckFileName(path));
    base::MutexLock lock(&mutex_);
    VECDB_RETURN_IF_ERROR(CheckDirectory(path, path));
    const auto below = entries_.lower_bound(path + "/");
    if (below != entries_.end() && below->first.starts_with(path + "/")) {
      return base::NotEmpty(path);
    }
    entries_.erase(path);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(base::CheckFilePath(path));
    base::MutexLock lock(&mutex_);
    VECDB_RETURN_IF_ERROR(CheckDirectory(path, path));
    const std::string prefix = path.empty() ? "" : path + "/";
    std::vector<DirectoryEntry> found;
    for (auto it = entries_.lower_bound(prefix);
         it != entries_.end() && it->first.starts_with(prefix); ++it) {
      const std::string name = it->first.substr(prefix.size());
      if (name.empty() || name.find('/') != std::string::npos) continue;
      found.push_back(Describe(name, it->second.get()));
    }
    return found;
  }

  absl::Status SyncDirectory(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(base::CheckFilePath(path));
    base::MutexLock lock(&mutex_);
    return CheckDirectory(path, path);
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    VECDB_RETURN_IF_ERROR(base::CheckFileName(path));
    {
      base::MutexLock lock(&mutex_);
      absl::Status added = AddFile(path, std::make_shared<FileBytes>(clock_));
      if (absl::IsAlreadyExists(added)) added = FindFile(path).status();
      VECDB_RETURN_IF_ERROR(added);
    }
    base::MutexLock lock(&locks_->mutex);
    if (locks_->held.insert(path).second) return std::make_unique<MemoryFileLock>(path, locks_);
    return absl::FailedPreconditionError(base::StrFormat("'%s' is locked by another holder", path));
  }

  std::string root() const override { return "memory"; }

 private:
  // OK when `directory` is one; otherwise the error that its first name which is none calls for, in
  // the name of `path`, which the caller of the file system has given.
  absl::Status CheckDirectory(std::string_view directory, std::string_view path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (directory.empty()) return absl::OkStatus();
    VECDB_RETURN_IF_ERROR(CheckDirectory(base::ParentPath(directory), path));
    const auto found = entries_.find(std::string(directory));
    if (found == entries_.end()) return base::MissingFile(path);
    return found->second == nullptr ? absl::OkStatus() : base::NotADirectory(path);
  }

  absl::StatusOr<FilePointer> FindFile(const std::string& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    VECDB_RETURN_IF_ERROR(CheckDirectory(base::ParentPath(path), path));
    const auto found = entries_.find(path);
    if (found == entries_.end()) return base::MissingFile(path);
    if (found->second == nullptr) return base::NotAFile(path);
    return found->second;
  }

  absl::Status AddFile(const std::string& path, FilePointer file)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    VECDB_RETURN_IF_ERROR(CheckDirectory(base::ParentPath(path), path));
    return entries_.try_emplace(path, std::move(file)).second ? absl::OkStatus()
                                                              : base::TakenName(path);
  }

  static DirectoryEntry Describe(const std::string& name, FileBytes* file) {
    if (file == nullptr) return {.name = name, .is_directory = true};
    base::MutexLock lock(&file->mutex);
    return {.name = name, .size_bytes = file->bytes.size(), .modified_ms = file->modified_ms};
  }

  const Clock& clock_;
  base::Mutex mutex_;  // taken before that of a file
  std::map<std::string, FilePointer> entries_ ABSL_GUARDED_BY(mutex_);  // but the root
  const std::shared_ptr<Locks> locks_ = std::make_shared<Locks>();
};

}  // namespace

std::shared_ptr<FileSystem> MakeMemoryFileSystem(const Clock& clock) {
  return std::make_shared<MemoryFileSystem>(clock);
}

}  // namespace vecdb
