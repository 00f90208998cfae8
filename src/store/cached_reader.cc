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

constexpr uint64_t kLazyShare = 64;  // of a large object, one part is read before it is fetched

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

LazyReader::LazyReader(std::unique_ptr<const PassedReader> passed,
                       std::shared_ptr<ObjectStore> store, const ObjectPath& path,
                       std::shared_ptr<CacheCounters> counters, Fetch fetch)
    : passed_(std::move(passed)),
      store_(std::move(store)),
      path_(path),
      counters_(std::move(counters)),
      fetch_(std::move(fetch)),
      allowed_bytes_(kMinBytes + passed_->size() / kLazyShare) {}

std::shared_ptr<const ObjectReader> LazyReader::Current() const {
  base::MutexLock lock(&mutex_);
  return current_;
}

absl::Status LazyReader::ReadAt(uint64_t offset, std::span<std::byte> out,
                                const Context& context) const {
  VECDB_RETURN_IF_ERROR(context.Check());
  VECDB_RETURN_IF_ERROR(base::CheckReadRange(path_.str(), size(), offset, out.size()));
  if (const auto current = Current()) return current->ReadAt(offset, out, context);
  const uint64_t before = read_bytes_.fetch_add(out.size(), std::memory_order_relaxed);
  if (before + out.size() <= allowed_bytes_) return passed_->ReadAt(offset, out, context);
  return base::OrOutOfMemory([&]() -> absl::Status {
    const auto fetched = FetchNow(context);
    if (IsOfContext(fetched.status())) return fetched.status();
    // What cannot be fetched now may be readable all the same.
    if (!fetched.ok()) return passed_->ReadAt(offset, out, context);
    return (*fetched)->ReadAt(offset, out, context);
  });
}

absl::StatusOr<std::shared_ptr<const ObjectReader>> LazyReader::FetchNow(
    const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(auto file, fetch_(context));
  std::shared_ptr<const ObjectReader> reader = passed_;
  // A file of another size is that of another object, which had its name since.
  if (file != nullptr && file->name().size_bytes == size()) {
    reader = std::make_shared<CachedReader>(std::move(file), store_, path_, counters_);
  }
  base::MutexLock lock(&mutex_);
  if (current_ == nullptr) current_ = std::move(reader);
  return current_;
}

absl::StatusOr<std::unique_ptr<MappedBytes>> LazyReader::Map() const {
  if (const auto current = Current()) return current->Map();
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<MappedBytes>> {
    const auto fetched = FetchNow({});
    return fetched.ok() ? (*fetched)->Map() : passed_->Map();
  });
}

int LazyReader::descriptor() const {
  const auto current = Current();
  return current == nullptr ? passed_->descriptor() : current->descriptor();
}

}  // namespace vecdb::store
