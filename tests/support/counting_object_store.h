#ifndef VECDB_SUPPORT_COUNTING_OBJECT_STORE_H_
#define VECDB_SUPPORT_COUNTING_OBJECT_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "vecdb/object_store.h"

namespace vecdb::support {

/// Passes everything on, and counts the bytes that are written. Thread-safe.
class CountingObjectStore : public ObjectStore {
 public:
  explicit CountingObjectStore(std::shared_ptr<ObjectStore> base) : base_(std::move(base)) {}

  uint64_t bytes_written() const { return bytes_written_.load(); }

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    return base_->Open(path, context);
  }
  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    auto writer = base_->Create(path, context);
    if (!writer.ok()) return writer.status();
    return std::make_unique<Writer>(*std::move(writer), &bytes_written_);
  }
  absl::Status Delete(const ObjectPath& path, const Context& context) override {
    return base_->Delete(path, context);
  }
  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override {
    return base_->List(prefix, context);
  }
  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override {
    return base_->Lock(context);
  }

 private:
  class Writer : public ObjectWriter {
   public:
    Writer(std::unique_ptr<ObjectWriter> base, std::atomic<uint64_t>* bytes_written)
        : base_(std::move(base)), bytes_written_(bytes_written) {}

    absl::Status Append(std::span<const std::byte> bytes, const Context& context) override {
      *bytes_written_ += bytes.size();
      return base_->Append(bytes, context);
    }
    absl::Status Finish(const Context& context) override { return base_->Finish(context); }

   private:
    const std::unique_ptr<ObjectWriter> base_;
    std::atomic<uint64_t>* const bytes_written_;
  };

  const std::shared_ptr<ObjectStore> base_;
  std::atomic<uint64_t> bytes_written_ = 0;
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_COUNTING_OBJECT_STORE_H_
