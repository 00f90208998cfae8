#ifndef VECDB_STORE_CACHED_READER_H_
#define VECDB_STORE_CACHED_READER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "store/cache_counters.h"
#include "store/cache_file.h"
#include "vecdb/object_store.h"

namespace vecdb::store {

/// Reads a kept object as a local store would: with a descriptor, and mapped. It stays pinned as
/// long as this or a map of it exists. What the disk refuses is read from the store.
class CachedReader final : public ObjectReader {
 public:
  CachedReader(std::shared_ptr<CacheFile> file, std::shared_ptr<ObjectStore> store,
               const ObjectPath& path, std::shared_ptr<CacheCounters> counters)
      : file_(std::move(file)),
        store_(std::move(store)),
        path_(path),
        counters_(std::move(counters)) {}

  uint64_t size() const override { return file_->name().size_bytes; }
  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                      const Context& context) const override;
  absl::StatusOr<std::unique_ptr<MappedBytes>> Map() const override;
  int descriptor() const override { return file_->file().descriptor(); }

 private:
  absl::Status ReadFile(uint64_t offset, std::span<std::byte> out, const Context& context) const;
  absl::StatusOr<std::shared_ptr<const ObjectReader>> OpenInStore(const Context& context) const;

  const std::shared_ptr<CacheFile> file_;
  const std::shared_ptr<ObjectStore> store_;
  const ObjectPath path_;
  const std::shared_ptr<CacheCounters> counters_;
  mutable base::Mutex mutex_;  // a leaf
  mutable std::shared_ptr<const ObjectReader> in_store_ ABSL_GUARDED_BY(mutex_);
};

/// Reads an object straight from the store, and counts the round trips.
class PassedReader final : public ObjectReader {
 public:
  PassedReader(std::shared_ptr<const ObjectReader> base, std::shared_ptr<CacheCounters> counters)
      : base_(std::move(base)), counters_(std::move(counters)) {}

  uint64_t size() const override { return base_->size(); }
  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                      const Context& context) const override;
  absl::StatusOr<std::unique_ptr<MappedBytes>> Map() const override { return base_->Map(); }
  int descriptor() const override { return base_->descriptor(); }
  uint64_t preferred_read_bytes() const override { return base_->preferred_read_bytes(); }

 private:
  const std::shared_ptr<const ObjectReader> base_;
  const std::shared_ptr<CacheCounters> counters_;
};

/// Reads an object from the store until it is worth to be kept: see CacheUse::kWhenRead. Whoever
/// reads beyond that waits for the fetch, as its context allows.
class LazyReader final : public ObjectReader {
 public:
  /// Fetches the object: its kept file, or nullptr where there is to be none.
  using Fetch = std::function<absl::StatusOr<std::shared_ptr<CacheFile>>(const Context&)>;

  /// What is larger than this is fetched when it is read; what is not, when it is opened.
  static constexpr uint64_t kMinBytes = uint64_t{1} << 20;

  LazyReader(std::unique_ptr<const PassedReader> passed, std::shared_ptr<ObjectStore> store,
             const ObjectPath& path, std::shared_ptr<CacheCounters> counters, Fetch fetch);

  uint64_t size() const override { return passed_->size(); }
  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                      const Context& context) const override;
  /// Fetches the object, however long that takes.
  absl::StatusOr<std::unique_ptr<MappedBytes>> Map() const override;
  /// That of the file once there is one.
  int descriptor() const override;

 private:
  std::shared_ptr<const ObjectReader> Current() const;
  absl::StatusOr<std::shared_ptr<const ObjectReader>> FetchNow(const Context& context) const;

  const std::shared_ptr<const PassedReader> passed_;
  const std::shared_ptr<ObjectStore> store_;
  const ObjectPath path_;
  const std::shared_ptr<CacheCounters> counters_;
  const Fetch fetch_;
  const uint64_t allowed_bytes_;
  mutable std::atomic<uint64_t> read_bytes_ = 0;  // relaxed: a figure
  mutable base::Mutex mutex_;                     // a leaf
  mutable std::shared_ptr<const ObjectReader> current_ ABSL_GUARDED_BY(mutex_);  // passed_ for good
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_CACHED_READER_H_
