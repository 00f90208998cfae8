#include "store/cached_reader.h"

#include <algorithm>
#include <utility>

#include "base/out_of_memory.h"
#include "base/read_range.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "store/pause.h"

namespace vecdb::store {
namespace {

// Between two of these the context is looked at, as a local store does.
constexpr size_t kReadBytes = size_t{1} << 20;

// Keeps the file pinned for as long as it is mapped.
class PinnedMap final : public MappedBytes {
 public:
  PinnedMap(std::unique_ptr<MappedBytes> base, std::shared_ptr<CacheFile> file)
      : file_(std::move(file)), base_(std::move(base)) {}

  std::span<const std::byte> bytes() const override { return base_->bytes(); }

 private:
  const std::shared_ptr<CacheFile> file_;
  const std::unique_ptr<MappedBytes> base_;
};

}  // namespace

absl::Status CachedReader::ReadAt(uint64_t offset, std::span<std::byte> out,
                                  const Context& context) const {
  VECDB_RETURN_IF_ERROR(context.Check());
  VECDB_RETURN_IF_ERROR(base::CheckReadRange(path_.str(), size(), offset, out.size()));
  absl::Status read = ReadFile(offset, out, context);
  if (read.ok() || IsOfContext(read)) return read;
  CacheCounters::Add(counters_->failed_reads);
  return base::OrOutOfMemory([&]() -> absl::Status {
    const auto in_store = OpenInStore(context);
    // An object that is gone from the store cannot explain what the disk has done.
    if (absl::IsNotFound(in_store.status())) return read;
    VECDB_RETURN_IF_ERROR(in_store.status());
    return (*in_store)->ReadAt(offset, out, context);
  });
}

absl::Status CachedReader::ReadFile(uint64_t offset, std::span<std::byte> out,
                                    const Context& context) const {
  do {
    const auto part = out.first(std::min(out.size(), kReadBytes));
    VECDB_RETURN_IF_ERROR(file_->file().ReadAt(offset, part));
    offset += part.size();
    out = out.subspan(part.size());
    VECDB_RETURN_IF_ERROR(context.Check());
  } while (!out.empty());
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const ObjectReader>> CachedReader::OpenInStore(
    const Context& context) const {
  {
    base::MutexLock lock(&mutex_);
    if (in_store_ != nullptr) return in_store_;
  }
  CacheCounters::Add(counters_->store_opens);
  VECDB_ASSIGN_OR_RETURN(auto opened, store_->Open(path_, context));
  if (opened->size() != size()) {
    return absl::DataLossError(
        base::StrFormat("object '%s' has %d bytes, and had %d when it was fetched", path_.str(),
                        opened->size(), size()));
  }
  auto reader = std::make_shared<const PassedReader>(std::move(opened), counters_);
  base::MutexLock lock(&mutex_);
  in_store_ = reader;
  return reader;
}

absl::StatusOr<std::unique_ptr<MappedBytes>> CachedReader::Map() const {
  VECDB_ASSIGN_OR_RETURN(auto map, file_->file().Map());
  return std::make_unique<PinnedMap>(std::move(map), file_);
}

absl::Status PassedReader::ReadAt(uint64_t offset, std::span<std::byte> out,
                                  const Context& context) const {
  VECDB_RETURN_IF_ERROR(base_->ReadAt(offset, out, context));
  if (out.empty()) return absl::OkStatus();
  CacheCounters::Add(counters_->passed_reads);
  CacheCounters::Add(counters_->passed_bytes, out.size());
  return absl::OkStatus();
}

}  // namespace vecdb::store
