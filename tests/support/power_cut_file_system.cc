#include "support/power_cut_file_system.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_format.h"
#include "base/file_path.h"
#include "base/mutex.h"
#include "base/read_range.h"
#include "base/status_macros.h"
#include "support/power_cut_disk.h"

namespace vecdb::support {
namespace {

constexpr int kNever = -1;

std::string NameOf(std::string_view path) { return std::string(base::BaseName(path)); }

DirectoryEntry Describe(const std::string& name, const DiskFile* file) {
  if (file == nullptr) return {.name = name, .is_directory = true};
  return {.name = name, .size_bytes = file->bytes.size(), .modified_ms = file->modified_ms};
}

// Finds the directory `path` below `root`. Errors are in the name of `asked`, which the caller of
// the file system has given.
absl::StatusOr<DiskDirectory*> FindDirectory(DiskDirectory& root, std::string_view path,
                                             std::string_view asked) {
  if (path.empty()) return &root;
  VECDB_ASSIGN_OR_RETURN(DiskDirectory * parent,
                         FindDirectory(root, base::ParentPath(path), asked));
  const auto found = parent->names.find(NameOf(path));
  if (found == parent->names.end()) return base::MissingFile(asked);
  if (found->second.directory == nullptr) return base::NotADirectory(asked);
  return found->second.directory.get();
}

absl::StatusOr<DiskDirectory*> FindParent(DiskDirectory& root, const std::string& path) {
  return FindDirectory(root, base::ParentPath(path), path);
}

absl::StatusOr<std::shared_ptr<DiskFile>> FindFile(DiskDirectory& root, const std::string& path) {
  VECDB_ASSIGN_OR_RETURN(DiskDirectory * parent, FindParent(root, path));
  const auto found = parent->names.find(NameOf(path));
  if (found == parent->names.end()) return base::MissingFile(path);
  if (found->second.file == nullptr) return base::NotAFile(path);
  return found->second.file;
}

absl::Status AddFile(DiskDirectory& root, const std::string& path, std::shared_ptr<DiskFile> file) {
  VECDB_ASSIGN_OR_RETURN(DiskDirectory * parent, FindParent(root, path));
  const std::string name = NameOf(path);
  if (parent->names.contains(name)) return base::TakenName(path);
  parent->Set(name, {.file = std::move(file)});
  return absl::OkStatus();
}

absl::Status AddDirectory(DiskDirectory& root, const std::string& path) {
  VECDB_ASSIGN_OR_RETURN(DiskDirectory * parent, FindParent(root, path));
  const std::string name = NameOf(path);
  const auto found = parent->names.find(name);
  if (found == parent->names.end()) {
    parent->Set(name, {.directory = std::make_shared<DiskDirectory>()});
  } else if (found->second.directory == nullptr) {
    return base::NotADirectory(path);
  }
  return absl::OkStatus();
}

}  // namespace

struct PowerCutFileSystem::State {
  explicit State(const Clock& clock_in) : clock(clock_in) {}

  // What every call begins with.
  absl::Status Enter() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return is_off ? absl::UnknownError("power is off") : absl::OkStatus();
  }
  absl::Status EnterMutating() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    is_off = is_off || mutating_calls == stop_at;
    VECDB_RETURN_IF_ERROR(Enter());
    ++mutating_calls;
    return absl::OkStatus();
  }

  std::shared_ptr<State> Image(CutRule rule, uint64_t seed) {
    auto image = std::make_shared<State>(clock);
    base::MutexLock lock(&mutex);
    base::MutexLock image_lock(&image->mutex);
    image->disk = ImageOf(disk, rule, seed);
    return image;
  }

  const Clock& clock;
  base::Mutex mutex;  // a leaf of the lock order, but for that of a new image
  Disk disk ABSL_GUARDED_BY(mutex);
  bool is_off ABSL_GUARDED_BY(mutex) = false;
  int mutating_calls ABSL_GUARDED_BY(mutex) = 0;
  int stop_at ABSL_GUARDED_BY(mutex) = kNever;  // value of mutating_calls at which power goes off
};

class PowerCutFileSystem::ReadHandle : public RandomAccessFile {
 public:
  ReadHandle(std::shared_ptr<State> state, std::string path, std::shared_ptr<DiskFile> file)
      : state_(std::move(state)),
        path_(std::move(path)),
        file_(std::move(file)),
        size_(file_->bytes.size()) {}

  uint64_t size() const override { return size_; }

  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    base::MutexLock lock(&state_->mutex);
    VECDB_RETURN_IF_ERROR(state_->Enter());
    VECDB_RETURN_IF_ERROR(base::CheckReadRange(path_, size_, offset, out.size()));
    if (!out.empty()) std::memcpy(out.data(), file_->bytes.data() + offset, out.size());
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<State> state_;
  const std::string path_;
  const std::shared_ptr<DiskFile> file_;  // guarded by the mutex of the state, here and below
  const uint64_t size_;
};

class PowerCutFileSystem::AppendHandle : public AppendFile {
 public:
  AppendHandle(std::shared_ptr<State> state, std::shared_ptr<DiskFile> file)
      : state_(std::move(state)), file_(std::move(file)) {}

  absl::Status Preallocate(uint64_t bytes) override {
    const int64_t now_ms = state_->clock.NowMillis();
    base::MutexLock lock(&state_->mutex);
    VECDB_RETURN_IF_ERROR(state_->EnterMutating());
    file_->Grow(bytes, now_ms);
    return absl::OkStatus();
  }

  absl::Status Append(std::span<const std::byte> bytes) override {
    const int64_t now_ms = state_->clock.NowMillis();
    base::MutexLock lock(&state_->mutex);
    VECDB_RETURN_IF_ERROR(state_->EnterMutating());
    file_->Write(position_, bytes, now_ms);
    position_ += bytes.size();
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    base::MutexLock lock(&state_->mutex);
    VECDB_RETURN_IF_ERROR(state_->EnterMutating());
    file_->Sync();
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<State> state_;
  const std::shared_ptr<DiskFile> file_;
  uint64_t position_ = 0;
};

class PowerCutFileSystem::LockHandle : public FileLock {
 public:
  LockHandle(std::shared_ptr<State> state, std::shared_ptr<DiskFile> file)
      : state_(std::move(state)), file_(std::move(file)) {}
  ~LockHandle() override {
    base::MutexLock lock(&state_->mutex);
    file_->locked = false;
  }

 private:
  const std::shared_ptr<State> state_;
  const std::shared_ptr<DiskFile> file_;
};

PowerCutFileSystem::PowerCutFileSystem(const Clock& clock)
    : PowerCutFileSystem(std::make_shared<State>(clock)) {}

PowerCutFileSystem::PowerCutFileSystem(std::shared_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<RandomAccessFile>> PowerCutFileSystem::OpenForRead(
    const std::string& path) {
  base::MutexLock lock(&state_->mutex);
  VECDB_RETURN_IF_ERROR(state_->Enter());
  VECDB_RETURN_IF_ERROR(base::CheckFileName(path));
  VECDB_ASSIGN_OR_RETURN(auto file, FindFile(*state_->disk.root, path));
  return std::make_unique<ReadHandle>(state_, path, std::move(file));
}

absl::StatusOr<std::unique_ptr<AppendFile>> PowerCutFileSystem::CreateFile(
    const std::string& path) {
  auto file = std::make_shared<DiskFile>();
  file->modified_ms = state_->clock.NowMillis();
  base::MutexLock lock(&state_->mutex);
  VECDB_RETURN_IF_ERROR(state_->EnterMutating());
  VECDB_RETURN_IF_ERROR(base::CheckFileName(path));
  VECDB_RETURN_IF_ERROR(AddFile(*state_->disk.root, path, file));
  state_->disk.Remember(file);
  return std::make_unique<AppendHandle>(state_, std::move(file));
}

absl::Status PowerCutFileSystem::Link(const std::string& from, const std::string& to) {
  base::MutexLock lock(&state_->mutex);
  VECDB_RETURN_IF_ERROR(state_->EnterMutating());
  VECDB_RETURN_IF_ERROR(base::CheckFileName(from));
  VECDB_RETURN_IF_ERROR(base::CheckFileName(to));
  VECDB_ASSIGN_OR_RETURN(auto file, FindFile(*state_->disk.root, from));
  return AddFile(*state_->disk.root, to, std::move(file));
}

absl::Status PowerCutFileSystem::Unlink(const std::string& path) {
  base::MutexLock lock(&state_->mutex);
  VECDB_RETURN_IF_ERROR(state_->EnterMutating());
  VECDB_RETURN_IF_ERROR(base::CheckFileName(path));
  VECDB_RETURN_IF_ERROR(FindFile(*state_->disk.root, path).status());
  VECDB_ASSIGN_OR_RETURN(DiskDirectory * parent, FindParent(*state_->disk.root, path));
  parent->Remove(NameOf(path));
  return absl::OkStatus();
}

absl::Status PowerCutFileSystem::CreateDirectories(const std::string& path) {
  base::MutexLock lock(&state_->mutex);
  VECDB_RETURN_IF_ERROR(state_->EnterMutating());
  VECDB_RETURN_IF_ERROR(base::CheckFilePath(path));
  for (size_t start = 0; start < path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    VECDB_RETURN_IF_ERROR(AddDirectory(*state_->disk.root, path.substr(0, end)));
    start = end + 1;
  }
  return absl::OkStatus();
}

absl::Status PowerCutFileSystem::RemoveDirectory(const std::string& path) {
  base::MutexLock lock(&state_->mutex);
  VECDB_RETURN_IF_ERROR(state_->EnterMutating());
  VECDB_RETURN_IF_ERROR(base::CheckFileName(path));
  VECDB_ASSIGN_OR_RETURN(const DiskDirectory* directory,
                         FindDirectory(*state_->disk.root, path, path));
  if (!directory->names.empty()) return base::NotEmpty(path);
  VECDB_ASSIGN_OR_RETURN(DiskDirectory * parent, FindParent(*state_->disk.root, path));
  parent->Remove(NameOf(path));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DirectoryEntry>> PowerCutFileSystem::List(const std::string& path) {
  base::MutexLock lock(&state_->mutex);
  VECDB_RETURN_IF_ERROR(state_->Enter());
  VECDB_RETURN_IF_ERROR(base::CheckFilePath(path));
  VECDB_ASSIGN_OR_RETURN(const DiskDirectory* directory,
                         FindDirectory(*state_->disk.root, path, path));
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, entry] : directory->names) {
    entries.push_back(Describe(name, entry.file.get()));
  }
  return entries;
}

absl::Status PowerCutFileSystem::SyncDirectory(const std::string& path) {
  base::MutexLock lock(&state_->mutex);
  VECDB_RETURN_IF_ERROR(state_->EnterMutating());
  VECDB_RETURN_IF_ERROR(base::CheckFilePath(path));
  VECDB_ASSIGN_OR_RETURN(DiskDirectory * directory, FindDirectory(*state_->disk.root, path, path));
  directory->Sync();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FileLock>> PowerCutFileSystem::Lock(const std::string& path) {
  auto added = std::make_shared<DiskFile>();
  added->modified_ms = state_->clock.NowMillis();
  base::MutexLock lock(&state_->mutex);
  VECDB_RETURN_IF_ERROR(state_->Enter());
  VECDB_RETURN_IF_ERROR(base::CheckFileName(path));
  const absl::Status created = AddFile(*state_->disk.root, path, std::move(added));
  if (!created.ok() && !absl::IsAlreadyExists(created)) return created;
  VECDB_ASSIGN_OR_RETURN(auto file, FindFile(*state_->disk.root, path));
  if (file->locked) {
    return absl::FailedPreconditionError(absl::StrFormat("'%s' is locked by another holder", path));
  }
  file->locked = true;
  return std::make_unique<LockHandle>(state_, std::move(file));
}

std::shared_ptr<PowerCutFileSystem> PowerCutFileSystem::Cut(uint64_t seed) const {
  return std::shared_ptr<PowerCutFileSystem>(
      new PowerCutFileSystem(state_->Image(CutRule::kSeeded, seed)));
}

std::shared_ptr<PowerCutFileSystem> PowerCutFileSystem::CutAll() const {
  return std::shared_ptr<PowerCutFileSystem>(
      new PowerCutFileSystem(state_->Image(CutRule::kDropAll, 0)));
}

std::shared_ptr<PowerCutFileSystem> PowerCutFileSystem::KeepAll() const {
  return std::shared_ptr<PowerCutFileSystem>(
      new PowerCutFileSystem(state_->Image(CutRule::kKeepAll, 0)));
}

void PowerCutFileSystem::StopAfter(int n) {
  base::MutexLock lock(&state_->mutex);
  state_->stop_at = n > 0 ? state_->mutating_calls + n - 1 : kNever;
}

void PowerCutFileSystem::Restart() {
  base::MutexLock lock(&state_->mutex);
  state_->is_off = false;
  state_->stop_at = kNever;
}

bool PowerCutFileSystem::is_off() const {
  base::MutexLock lock(&state_->mutex);
  return state_->is_off;
}

int PowerCutFileSystem::mutating_calls() const {
  base::MutexLock lock(&state_->mutex);
  return state_->mutating_calls;
}

}  // namespace vecdb::support
