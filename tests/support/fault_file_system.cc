#include "support/fault_file_system.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace vecdb::support {
namespace {

class FaultReadFile : public RandomAccessFile {
 public:
  FaultReadFile(std::unique_ptr<RandomAccessFile> base, std::string path,
                std::shared_ptr<FaultInjector> injector)
      : base_(std::move(base)), path_(std::move(path)), injector_(std::move(injector)) {}

  uint64_t size() const override { return base_->size(); }
  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    return injector_->Run("ReadAt", path_, [&] { return base_->ReadAt(offset, out); });
  }

 private:
  const std::unique_ptr<RandomAccessFile> base_;
  const std::string path_;
  const std::shared_ptr<FaultInjector> injector_;
};

class FaultAppendFile : public AppendFile {
 public:
  FaultAppendFile(std::unique_ptr<AppendFile> base, std::string path,
                  std::shared_ptr<FaultInjector> injector)
      : base_(std::move(base)), path_(std::move(path)), injector_(std::move(injector)) {}

  absl::Status Preallocate(uint64_t bytes) override {
    return injector_->Run("Preallocate", path_, [&] { return base_->Preallocate(bytes); });
  }
  absl::Status Append(std::span<const std::byte> bytes) override {
    return injector_->RunAppend(path_, bytes, [&](auto part) { return base_->Append(part); });
  }
  absl::Status Sync() override {
    return injector_->Run("Sync", path_, [&] { return base_->Sync(); });
  }

 private:
  const std::unique_ptr<AppendFile> base_;
  const std::string path_;
  const std::shared_ptr<FaultInjector> injector_;
};

}  // namespace

FaultFileSystem::FaultFileSystem(std::shared_ptr<FileSystem> base,
                                 std::shared_ptr<FaultInjector> injector)
    : base_(std::move(base)), injector_(std::move(injector)) {}

absl::StatusOr<std::unique_ptr<RandomAccessFile>> FaultFileSystem::OpenForRead(
    const std::string& path) {
  VECDB_ASSIGN_OR_RETURN(
      auto file, injector_->Run("OpenForRead", path, [&] { return base_->OpenForRead(path); }));
  return std::make_unique<FaultReadFile>(std::move(file), path, injector_);
}

absl::StatusOr<std::unique_ptr<AppendFile>> FaultFileSystem::CreateFile(const std::string& path) {
  VECDB_ASSIGN_OR_RETURN(
      auto file, injector_->Run("CreateFile", path, [&] { return base_->CreateFile(path); }));
  return std::make_unique<FaultAppendFile>(std::move(file), path, injector_);
}

absl::Status FaultFileSystem::Link(const std::string& from, const std::string& to) {
  return injector_->Run("Link", absl::StrCat(from, "\n", to),
                        [&] { return base_->Link(from, to); });
}

absl::Status FaultFileSystem::Unlink(const std::string& path) {
  return injector_->Run("Unlink", path, [&] { return base_->Unlink(path); });
}

absl::Status FaultFileSystem::CreateDirectories(const std::string& path) {
  return injector_->Run("CreateDirectories", path, [&] { return base_->CreateDirectories(path); });
}

absl::Status FaultFileSystem::RemoveDirectory(const std::string& path) {
  return injector_->Run("RemoveDirectory", path, [&] { return base_->RemoveDirectory(path); });
}

absl::StatusOr<std::vector<DirectoryEntry>> FaultFileSystem::List(const std::string& path) {
  return injector_->Run("List", path, [&] { return base_->List(path); });
}

absl::Status FaultFileSystem::SyncDirectory(const std::string& path) {
  return injector_->Run("SyncDirectory", path, [&] { return base_->SyncDirectory(path); });
}

absl::StatusOr<std::unique_ptr<FileLock>> FaultFileSystem::Lock(const std::string& path) {
  return injector_->Run("Lock", path, [&] { return base_->Lock(path); });
}

std::string FaultFileSystem::root() const { return base_->root(); }

}  // namespace vecdb::support
