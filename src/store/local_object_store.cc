#include <algorithm>
#include <utility>

#include "base/file_path.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "store/local_layout.h"
#include "store/local_object_writer.h"
#include "vecdb/object_store.h"

namespace vecdb {
namespace {

// Between two of these the context is looked at; a slow disk reads one in about 10 ms.
constexpr size_t kChunkBytes = size_t{1} << 20;

class LocalReader : public ObjectReader {
 public:
  explicit LocalReader(std::unique_ptr<RandomAccessFile> file) : file_(std::move(file)) {}

  uint64_t size() const override { return file_->size(); }

  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                      const Context& context) const override {
    VECDB_RETURN_IF_ERROR(context.Check());
    // The whole range is checked at once, or `out` would be filled in part before the error.
    if (out.size() <= kChunkBytes || offset > size() || out.size() > size() - offset) {
      return file_->ReadAt(offset, out);
    }
    while (!out.empty()) {
      VECDB_RETURN_IF_ERROR(context.Check());
      const auto chunk = out.first(std::min(out.size(), kChunkBytes));
      VECDB_RETURN_IF_ERROR(file_->ReadAt(offset, chunk));
      offset += chunk.size();
      out = out.subspan(chunk.size());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<MappedBytes>> Map() const override { return file_->Map(); }

  int descriptor() const override { return file_->descriptor(); }

 private:
  const std::unique_ptr<RandomAccessFile> file_;
};

class LocalLock : public StoreLock {
 public:
  explicit LocalLock(std::unique_ptr<FileLock> lock) : lock_(std::move(lock)) {}

 private:
  const std::unique_ptr<FileLock> lock_;
};

class LocalObjectStore : public ObjectStore {
 public:
  explicit LocalObjectStore(std::shared_ptr<FileSystem> files)
      : root_(std::make_shared<store::LocalRoot>(std::move(files))) {}

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    VECDB_ASSIGN_OR_RETURN(auto file, root_->files->OpenForRead(path.str()));
    return std::make_unique<LocalReader>(std::move(file));
  }

  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    return store::LocalObjectWriter::Make(root_, path);
  }

  // The directory is not synced: an object that a power cut brings back does no harm, since whoever
  // deletes it has made sure that nothing refers to it.
  absl::Status Delete(const ObjectPath& path, const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    absl::Status removed = root_->files->Unlink(path.str());
    if (absl::IsNotFound(removed)) return absl::OkStatus();
    VECDB_RETURN_IF_ERROR(removed);
    RemoveEmptyDirectories(path);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override {
    std::vector<ObjectInfo> infos;
    VECDB_RETURN_IF_ERROR(AddObjects(prefix, context, infos));
    std::sort(infos.begin(), infos.end(),
              [](const ObjectInfo& a, const ObjectInfo& b) { return a.path < b.path; });
    return infos;
  }

  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    VECDB_ASSIGN_OR_RETURN(auto lock, root_->files->Lock(store::kLockFile));
    RemoveLeftovers();
    return std::make_unique<LocalLock>(std::move(lock));
  }

 private:
  // Best effort, from the inside out until one is not empty. A writer that finds its directory gone
  // makes it again.
  void RemoveEmptyDirectories(const ObjectPath& path) {
    std::string_view directory = base::ParentPath(path.str());
    for (; !directory.empty(); directory = base::ParentPath(directory)) {
      if (!root_->files->RemoveDirectory(std::string(directory)).ok()) return;
      root_->durable.Forget(directory);
    }
  }

  // Recursion ends with the longest path that an ObjectPath can be. Files and directories of names
  // that no object can have belong to somebody else.
  absl::Status AddObjects(const ObjectPath& prefix, const Context& context,
                          std::vector<ObjectInfo>& infos) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto entries = root_->files->List(prefix.str());
    if (absl::IsNotFound(entries.status())) return absl::OkStatus();
    VECDB_RETURN_IF_ERROR(entries.status());
    for (const DirectoryEntry& entry : *entries) {
      auto path = prefix.Join(entry.name);
      if (!path.ok()) continue;
      if (entry.is_directory) {
        VECDB_RETURN_IF_ERROR(AddObjects(*path, context, infos));
      } else {
        infos.push_back({.path = *std::move(path),
                         .size_bytes = entry.size_bytes,
                         .modified_ms = entry.modified_ms});
      }
    }
    return absl::OkStatus();
  }

  // Only with the lock held: other processes' writers would lose their files. Those of this store
  // may be at work without the lock. Best effort: what stays costs space and nothing else.
  void RemoveLeftovers() {
    const auto entries = root_->files->List(store::kTemporaryDirectory);
    if (!entries.ok()) return;
    for (const DirectoryEntry& entry : *entries) {
      if (entry.is_directory || entry.name.starts_with(root_->instance)) continue;
      root_->files->Unlink(base::JoinPath(store::kTemporaryDirectory, entry.name)).IgnoreError();
    }
  }

  const std::shared_ptr<store::LocalRoot> root_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<ObjectStore>> OpenLocalObjectStore(const std::string& root) {
  VECDB_ASSIGN_OR_RETURN(std::shared_ptr<FileSystem> files, OpenLocalFileSystem(root));
  return OpenLocalObjectStore(std::move(files));
}

absl::StatusOr<std::shared_ptr<ObjectStore>> OpenLocalObjectStore(
    std::shared_ptr<FileSystem> file_system) {
  if (file_system == nullptr) {
    return absl::InvalidArgumentError("a local object store needs a file system");
  }
  return std::make_shared<LocalObjectStore>(std::move(file_system));
}

}  // namespace vecdb
