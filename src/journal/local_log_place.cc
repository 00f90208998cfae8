#include <algorithm>
#include <atomic>
#include <utility>

#include "base/file_path.h"
#include "base/out_of_memory.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "journal/log_name.h"
#include "journal/log_place.h"

namespace vecdb::journal {
namespace {

constexpr size_t kReadBytes = size_t{4} << 20;  // between two of these the context is looked at

class LocalLogPlace : public LogPlace {
 public:
  LocalLogPlace(std::shared_ptr<FileSystem> files, std::string directory)
      : files_(std::move(files)), directory_(std::move(directory)) {}

  absl::StatusOr<std::vector<LogFileInfo>> List(const Context& context) override {
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto entries = files_->List(directory_);
    std::vector<LogFileInfo> found;
    if (absl::IsNotFound(entries.status())) return found;
    VECDB_RETURN_IF_ERROR(entries.status());
    for (const DirectoryEntry& entry : *entries) {
      const auto number = LogFileNumber(entry.name);
      if (entry.is_directory || !number.has_value()) continue;
      found.push_back({.number = *number, .size_bytes = entry.size_bytes});
    }
    return found;
  }

  absl::StatusOr<base::LargeBuffer> Read(uint64_t number, const Host& host,
                                         const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(const auto file, files_->OpenForRead(PathOf(number)));
    VECDB_ASSIGN_OR_RETURN(
        auto buffer, base::LargeBuffer::Make(file->size(), host, "a log file", MemoryUse::kBuilds));
    for (uint64_t at = 0; at < buffer.size(); at += kReadBytes) {
      VECDB_RETURN_IF_ERROR(context.Check());
      const uint64_t count = std::min<uint64_t>(kReadBytes, buffer.size() - at);
      VECDB_RETURN_IF_ERROR(file->ReadAt(at, buffer.bytes().subspan(at, count)));
    }
    return buffer;
  }

  // As an object of a local store: written under another name, synced, linked, the directory
  // synced. A crash before the link leaves a file that nobody looks at.
  absl::StatusOr<std::unique_ptr<AppendFile>> Create(uint64_t number,
                                                     std::span<const std::byte> bytes,
                                                     uint64_t preallocate_bytes) override {
    const std::string path = PathOf(number);
    const std::string temporary = path + ".tmp";
    VECDB_RETURN_IF_ERROR(MakeDirectory());
    const absl::Status cleared = files_->Unlink(temporary);
    if (!cleared.ok() && !absl::IsNotFound(cleared)) return cleared;
    VECDB_ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> file, files_->CreateFile(temporary));
    VECDB_RETURN_IF_ERROR(file->Preallocate(preallocate_bytes));
    VECDB_RETURN_IF_ERROR(file->Append(bytes));
    VECDB_RETURN_IF_ERROR(file->Sync());
    const absl::Status linked = files_->Link(temporary, path);
    if (absl::IsAlreadyExists(linked)) {
      return absl::AbortedError(
          base::StrFormat("log file %s was made by another writer", NameOf(number)));
    }
    VECDB_RETURN_IF_ERROR(Unclear(number, linked));
    if (!base::Sabotaged(3)) {
      const auto synced = base::TryForMemory([&] { return files_->SyncDirectory(directory_); });
      VECDB_RETURN_IF_ERROR(Unclear(number, synced));
    }
    // Or it goes when the number comes again.
    base::OrOutOfMemory([&] { return files_->Unlink(temporary); }).IgnoreError();
    return file;
  }

  absl::Status Remove(uint64_t number) override {
    const absl::Status removed = files_->Unlink(PathOf(number));
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
    files_->RemoveDirectory(directory_).IgnoreError();  // with its last file
    has_directory_ = false;
    return absl::OkStatus();
  }

  bool grows() const override { return true; }

  std::string NameOf(uint64_t number) const override {
    return base::JoinPath(files_->root(), PathOf(number));
  }

 private:
  std::string PathOf(uint64_t number) const {
    return base::JoinPath(directory_, LogFileName(number));
  }

  absl::Status Unclear(uint64_t number, const absl::Status& answer) const {
    if (answer.ok()) return answer;
    return base::ErrorOrCode(absl::StatusCode::kUnknown, [&] {
      return base::StrFormat("log file %s may or may not be there: %s", NameOf(number),
                             std::string(answer.message()));
    });
  }

  // The directory and the names of those above it are durable before a file is acknowledged.
  absl::Status MakeDirectory() {
    if (has_directory_) return absl::OkStatus();
    VECDB_RETURN_IF_ERROR(files_->CreateDirectories(directory_));
    std::string_view above = directory_;
    do {
      above = base::ParentPath(above);
      VECDB_RETURN_IF_ERROR(files_->SyncDirectory(std::string(above)));
    } while (!above.empty());
    has_directory_ = true;
    return absl::OkStatus();
  }

  const std::shared_ptr<FileSystem> files_;
  const std::string directory_;
  std::atomic<bool> has_directory_ = false;  // saves work only
};

}  // namespace

std::unique_ptr<LogPlace> MakeLocalLogPlace(std::shared_ptr<FileSystem> files,
                                            std::string directory) {
  return std::make_unique<LocalLogPlace>(std::move(files), std::move(directory));
}

}  // namespace vecdb::journal
