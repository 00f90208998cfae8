#ifndef VECDB_SUPPORT_COUNTING_OBJECT_STORE_H_
#define VECDB_SUPPORT_COUNTING_OBJECT_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "store/forwarding_store.h"
#include "vecdb/object_store.h"

namespace vecdb::support {

/// Passes everything on, and counts the bytes that are written. Thread-safe.
class CountingObjectStore : public store::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  uint64_t bytes_written() const { return bytes_written_.load(); }

  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    auto writer = ForwardingStore::Create(path, context);
    if (!writer.ok()) return writer.status();
    return std::make_unique<Writer>(*std::move(writer), &bytes_written_);
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

  std::atomic<uint64_t> bytes_written_ = 0;
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_COUNTING_OBJECT_STORE_H_
