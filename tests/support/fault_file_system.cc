#include "support/fault_file_system.h"

#include <utility>

#include "base/status_macros.h"

namespace vecdb::support {
namespace {

class FaultReadFile : public RandomAccessFile {
 public:
  FaultReadFile(std::unique_ptr<RandomAccessFile> base, std::shared_ptr<FaultInjector> injector)
      : base_(std::move(base)), injector_(std::move(injector)) {}

  uint64_t size() const override { return base_->size(); }
  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    return injector_->Run("ReadAt", [&] { return base_->ReadAt(offset, out); });
  }

 private:
  const std::unique_ptr<RandomAccessFile> base_;
  const std::shared_ptr<FaultInjector> injector_;
};

class FaultAppendFile : public AppendFile {
 public:
  FaultAppendFile(std::unique_ptr<AppendFile> base, std::shared_ptr<FaultInjector> injector)
      : base_(std::move(base)), injector_(std::move(injector)) {}

  absl::Status Append(std::span<const std::byte> bytes) override {
    return injector_->RunAppend(bytes, [&](auto part) { return base_->Append(part); });
  }
  absl::Status Sync() override {
    return injector_->Run("Sync", [&] { return base_->Sync(); });
  }

 private:
  const std::unique_ptr<AppendFile> base_;
  const std::shared_ptr<FaultInjector> injector_;
};

}  // namespace

FaultFileSystem::FaultFileSystem(std::shared_ptr<FileSystem> base,
                                 std::shared_ptr<FaultInjector> injector)
    : base_(std::move(base)), injector_(std::move(injector)) {}

absl::StatusOr<std::unique_ptr<RandomAccessFile>> FaultFileSystem::OpenForRead(
    const std::string& path) {
  VECDB_ASSIGN_OR_RETURN(auto file,
                         injector_->Run("OpenForRead", [&] { return base_->OpenForRead(path); }));
  return std::make_unique<FaultReadFile>(std::move(file), injector_);
}

absl::StatusOr<std::unique_ptr<AppendFile>> FaultFileSystem::CreateFile(const std::string& path) {
  VECDB_ASSIGN_OR_RETURN(auto file,
                         injector_->Run("CreateFile", [&] { return base_->CreateFile(path); }));
  return std::make_unique<FaultAppendFile>(std::move(file), injector_);
}

absl::Status FaultFileSystem::Link(const std::string& from, const std::string& to) {
  return injector_->Run("Link", [&] { return base_->Link(from, to); });
}

absl::Status FaultFileSystem::Unlink(const std::string& path) {
  return injector_->Run("Unlink", [&] { return base_->Unlink(path); });
}

absl::Status FaultFileSystem::CreateDirectories(const std::string& path) {
  return injector_->Run("CreateDirectories", [&] { return base_->CreateDirectories(path); });
}

absl::Status FaultFileSystem::RemoveDirectory(const std::string& path) {
  return injector_->Run("RemoveDirectory", [&] { return base_->RemoveDirectory(path); });
}

absl::StatusOr<std::vector<DirectoryEntry>> FaultFileSystem::List(const std::string& path) {
  return injector_->Run("List", [&] { return base_->List(path); });
}

absl::Status FaultFileSystem::SyncDirectory(const std::string& path) {
  return injector_->Run("SyncDirectory", [&] { return base_->SyncDirectory(path); });
}

absl::StatusOr<std::unique_ptr<FileLock>> FaultFileSystem::Lock(const std::string& path) {
  return injector_->Run("Lock", [&] { return base_->Lock(path); });
}

std::string FaultFileSystem::root() const { return base_->root(); }

}  // namespace vecdb::support
