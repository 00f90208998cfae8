#include "store/local_object_writer.h"

#include <algorithm>
#include <utility>

#include "base/file_path.h"
#include "base/out_of_memory.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::store {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;

// Between two of these the context is looked at; a slow disk writes one in about 10 ms.
constexpr size_t kChunkBytes = size_t{1} << 20;

// How often a directory may be removed by a Delete just before the link.
constexpr int kLinkTries = 16;

absl::StatusOr<std::unique_ptr<AppendFile>> CreateTemporary(FileSystem& files,
                                                            const std::string& name) {
  auto file = files.CreateFile(name);
  if (!absl::IsNotFound(file.status())) return file;
  // The first writer of all makes the directory. It may be lost in a power cut with all that is in
  // it.
  VECDB_RETURN_IF_ERROR(files.CreateDirectories(kTemporaryDirectory));
  return files.CreateFile(name);
}

absl::Status OutcomeUnknown(const ObjectPath& path, const absl::Status& cause) {
  return base::ErrorOrCode(absl::StatusCode::kUnknown, [&] {
    return base::StrFormat("object '%s' may or may not have been created: %s", path.str(),
                           cause.message());
  });
}

// The system may have dropped the name from what it will write, and a second sync would answer OK.
absl::Status MayVanish(const ObjectPath& path, const absl::Status& cause) {
  return base::ErrorOrCode(absl::StatusCode::kDataLoss, [&] {
    return base::StrFormat("object '%s' may be there and may be gone after a power cut: %s",
                           path.str(), cause.message());
  });
}

absl::Status TakenAway(const ObjectPath& path, const absl::Status& cause) {
  return absl::UnavailableError(base::StrFormat(
      "object '%s' was not created: its directory, or the file it was written to, was "
      "removed meanwhile: %s",
      path.str(), cause.message()));
}

// Whether a failed link has certainly not been made. What is left are errors of the device.
bool IsDefinite(const absl::Status& failure) {
  return absl::IsAlreadyExists(failure) || absl::IsFailedPrecondition(failure) ||
         absl::IsResourceExhausted(failure) || absl::IsPermissionDenied(failure) ||
         absl::IsInvalidArgument(failure);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ObjectWriter>> LocalObjectWriter::Make(
    std::shared_ptr<LocalRoot> root, const ObjectPath& path) {
  std::string temporary = base::JoinPath(kTemporaryDirectory, root->NewTemporaryName());
  VECDB_ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> file,
                         CreateTemporary(*root->files, temporary));
  return std::unique_ptr<ObjectWriter>(
      new LocalObjectWriter(std::move(root), path, std::move(temporary), std::move(file)));
}

LocalObjectWriter::LocalObjectWriter(std::shared_ptr<LocalRoot> root, const ObjectPath& path,
                                     std::string temporary, std::unique_ptr<AppendFile> file)
    : root_(std::move(root)),
      path_(path),
      directory_(base::ParentPath(path.str())),
      temporary_(std::move(temporary)),
      file_(std::move(file)) {}

LocalObjectWriter::~LocalObjectWriter() { RemoveTemporary(); }

absl::Status LocalObjectWriter::Append(std::span<const std::byte> bytes, const Context& context) {
  VECDB_RETURN_IF_ERROR(CheckUsable());
  absl::Status appended = AppendChecked(bytes, context);
  done_ = !appended.ok();
  return appended;
}

absl::Status LocalObjectWriter::Finish(const Context& context) {
  VECDB_RETURN_IF_ERROR(CheckUsable());
  done_ = true;
  VECDB_RETURN_IF_ERROR(context.Check());
  VECDB_RETURN_IF_ERROR(FlushBuffer(context));
  if (!base::Sabotaged(11)) VECDB_RETURN_IF_ERROR(file_->Sync());
  VECDB_RETURN_IF_ERROR(context.Check());
  // Without memory it is thrown out of before the link, which is the last step of that.
  const absl::Status published = base::OrOutOfMemory([&] { return Publish(); });
  RemoveTemporary();
  return published;
}

absl::Status LocalObjectWriter::CheckUsable() const {
  if (!done_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      base::StrFormat("the writer of object '%s' has finished or failed", path_.str()));
}

absl::Status LocalObjectWriter::AppendChecked(std::span<const std::byte> bytes,
                                              const Context& context) {
  VECDB_RETURN_IF_ERROR(context.Check());
  if (buffer_.size() + bytes.size() > kBufferBytes) VECDB_RETURN_IF_ERROR(FlushBuffer(context));
  if (bytes.size() >= kBufferBytes) return WriteThrough(bytes, context);
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return absl::OkStatus();
}

absl::Status LocalObjectWriter::WriteThrough(std::span<const std::byte> bytes,
                                             const Context& context) {
  while (!bytes.empty()) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto chunk = bytes.first(std::min(bytes.size(), kChunkBytes));
    VECDB_RETURN_IF_ERROR(file_->Append(chunk));
    bytes = bytes.subspan(chunk.size());
  }
  return absl::OkStatus();
}

absl::Status LocalObjectWriter::FlushBuffer(const Context& context) {
  VECDB_RETURN_IF_ERROR(WriteThrough(buffer_, context));
  buffer_.clear();
  return absl::OkStatus();
}

// From the link on there is no way back: the context is not looked at any more.
absl::Status LocalObjectWriter::Publish() {
  const absl::Status linked = LinkInPlace();
  if (absl::IsNotFound(linked)) return TakenAway(path_, linked);
  if (!linked.ok() && IsDefinite(linked)) return linked;
  const absl::Status synced = base::TryForMemory([&] { return SyncName(); });
  const bool no_directory = absl::IsNotFound(synced) && !linked.ok();
  if (!synced.ok() && !no_directory) return MayVanish(path_, synced);
  return linked.ok() ? linked : OutcomeUnknown(path_, linked);
}

absl::Status LocalObjectWriter::LinkInPlace() {
  absl::Status linked = root_->files->Link(temporary_, path_.str());
  // NotFound: the directory was not made yet, or a Delete of its last object has just removed it.
  for (int tries = 0; absl::IsNotFound(linked) && tries < kLinkTries; ++tries) {
    const DurableDirectories::Making making(&root_->durable, directory_);
    linked = root_->files->CreateDirectories(directory_);
    if (linked.ok()) linked = root_->files->Link(temporary_, path_.str());
  }
  return linked;
}

absl::Status LocalObjectWriter::SyncName() {
  if (base::Sabotaged(12)) return absl::OkStatus();
  FileSystem& files = *root_->files;
  VECDB_RETURN_IF_ERROR(files.SyncDirectory(directory_));
  if (directory_.empty() || root_->durable.Contains(directory_)) return absl::OkStatus();
  const uint64_t generation = root_->durable.generation();  // before the syncs, see Add
  std::string_view above = directory_;
  do {
    above = base::ParentPath(above);
    VECDB_RETURN_IF_ERROR(files.SyncDirectory(std::string(above)));
  } while (!above.empty());
  base::OrOutOfMemory([&] { root_->durable.Add(directory_, generation); }).IgnoreError();
  return absl::OkStatus();
}

// A failure costs space until the next Lock, and nothing else.
void LocalObjectWriter::RemoveTemporary() {
  if (file_ == nullptr) return;
  file_.reset();
  base::OrOutOfMemory([&] { return root_->files->Unlink(temporary_); }).IgnoreError();
}

}  // namespace vecdb::store
