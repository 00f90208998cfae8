#ifndef VECDB_SUPPORT_COUNTING_OBJECT_STORE_H_
#define VECDB_SUPPORT_COUNTING_OBJECT_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "store/forwarding_store.h"
#include "vecdb/object_store.h"

namespace vecdb::support {

/// Passes everything on, and counts the bytes that are written, and the calls that would be
/// requests of a remote store. Thread-safe.
class CountingObjectStore : public store::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  uint64_t bytes_written() const { return bytes_written_.load(); }
  uint64_t num_opens() const { return num_opens_.load(); }
  uint64_t num_lists() const { return num_lists_.load(); }
  uint64_t num_changes() const { return num_changes_.load(); }
  /// Small objects come whole with Open.
  uint64_t num_requests() const { return num_opens() + num_lists() + num_changes(); }

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    ++num_opens_;
    return ForwardingStore::Open(path, context);
  }
  absl::Status Delete(const ObjectPath& path, const Context& context) override {
    ++num_changes_;
    return ForwardingStore::Delete(path, context);
  }
  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override {
    ++num_lists_;
    return ForwardingStore::List(prefix, context);
  }
  absl::StatusOr<std::vector<ObjectInfo>> ListAfter(const ObjectPath& prefix,
                                                    const ObjectPath& after,
                                                    const Context& context) override {
    ++num_lists_;
    return ForwardingStore::ListAfter(prefix, after, context);
  }
  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    ++num_changes_;
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
  std::atomic<uint64_t> num_opens_ = 0;
  std::atomic<uint64_t> num_lists_ = 0;
  std::atomic<uint64_t> num_changes_ = 0;
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_COUNTING_OBJECT_STORE_H_
