#ifndef VECDB_SIM_EVENT_FILE_SYSTEM_H_
#define VECDB_SIM_EVENT_FILE_SYSTEM_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/byte_io.h"
#include "base/checksum.h"
#include "support/sim_executor.h"
#include "vecdb/file_system.h"

namespace vecdb::support {

/// A file system that adds every call on it and its files, with all bytes and the outcome, to a
/// hash. Thread-compatible, as the hash is.
class EventFileSystem : public FileSystem {
 public:
  EventFileSystem(std::shared_ptr<FileSystem> base, std::shared_ptr<EventHash> events)
      : base_(std::move(base)), events_(std::move(events)) {}

  absl::StatusOr<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override {
    auto file = base_->OpenForRead(path);
    Note("OpenForRead", path, file.ok() ? (*file)->size() : 0, file.status()).IgnoreError();
    if (!file.ok()) return file.status();
    return std::make_unique<ReadFile>(*std::move(file), path, this);
  }
  absl::StatusOr<std::unique_ptr<AppendFile>> CreateFile(const std::string& path) override {
    auto file = base_->CreateFile(path);
    Note("CreateFile", path, 0, file.status()).IgnoreError();
    if (!file.ok()) return file.status();
    return std::make_unique<WriteFile>(*std::move(file), path, events_);
  }
  absl::Status Link(const std::string& from, const std::string& to) override {
    return Note("Link", absl::StrCat(from, " ", to), 0, base_->Link(from, to));
  }
  absl::Status Unlink(const std::string& path) override {
    return Note("Unlink", path, 0, base_->Unlink(path));
  }
  absl::Status CreateDirectories(const std::string& path) override {
    return Note("CreateDirectories", path, 0, base_->CreateDirectories(path));
  }
  absl::Status RemoveDirectory(const std::string& path) override {
    return Note("RemoveDirectory", path, 0, base_->RemoveDirectory(path));
  }
  absl::StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override {
    auto entries = base_->List(path);
    Note("List", path, entries.ok() ? entries->size() : 0, entries.status()).IgnoreError();
    return entries;
  }
  absl::Status SyncDirectory(const std::string& path) override {
    return Note("SyncDirectory", path, 0, base_->SyncDirectory(path));
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    auto lock = base_->Lock(path);
    Note("Lock", path, 0, lock.status()).IgnoreError();
    return lock;
  }
  std::string root() const override { return base_->root(); }

 private:
  static absl::Status NoteIn(EventHash& events, const char* call, const std::string& path,
                             uint64_t what, absl::Status status) {
    events.Add(absl::StrCat(call, " ", path, " ", what, " ", static_cast<int>(status.code())));
    return status;
  }
  absl::Status Note(const char* call, const std::string& path, uint64_t what,
                    absl::Status status) const {
    return NoteIn(*events_, call, path, what, std::move(status));
  }

  class ReadFile : public RandomAccessFile {
   public:
    ReadFile(std::unique_ptr<RandomAccessFile> base, std::string path, const EventFileSystem* files)
        : base_(std::move(base)), path_(std::move(path)), events_(files->events_) {}
    uint64_t size() const override { return base_->size(); }
    absl::Status ReadAt(uint64_t offset, std::span<std::byte> out) const override {
      absl::Status status = base_->ReadAt(offset, out);
      const uint64_t hash = status.ok() ? base::Xxh3(std::span<const std::byte>(out)) : 0;
      return NoteIn(*events_, "ReadAt", path_, offset ^ hash, std::move(status));
    }

   private:
    const std::unique_ptr<RandomAccessFile> base_;
    const std::string path_;
    const std::shared_ptr<EventHash> events_;
  };

  class WriteFile : public AppendFile {
   public:
    WriteFile(std::unique_ptr<AppendFile> base, std::string path, std::shared_ptr<EventHash> events)
        : base_(std::move(base)), path_(std::move(path)), events_(std::move(events)) {}
    absl::Status Preallocate(uint64_t bytes) override {
      return NoteIn(*events_, "Preallocate", path_, bytes, base_->Preallocate(bytes));
    }
    absl::Status Append(std::span<const std::byte> bytes) override {
      return NoteIn(*events_, "Append", path_, base::Xxh3(bytes), base_->Append(bytes));
    }
    absl::Status Sync() override { return NoteIn(*events_, "Sync", path_, 0, base_->Sync()); }

   private:
    const std::unique_ptr<AppendFile> base_;
    const std::string path_;
    const std::shared_ptr<EventHash> events_;
  };

  const std::shared_ptr<FileSystem> base_;
  const std::shared_ptr<EventHash> events_;
};

}  // namespace vecdb::support

#endif  // VECDB_SIM_EVENT_FILE_SYSTEM_H_
