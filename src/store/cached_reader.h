#ifndef VECDB_STORE_CACHED_READER_H_
#define VECDB_STORE_CACHED_READER_H_

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

 private:
  const std::shared_ptr<const ObjectReader> base_;
  const std::shared_ptr<CacheCounters> counters_;
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_CACHED_READER_H_
