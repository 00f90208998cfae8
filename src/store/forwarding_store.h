#ifndef VECDB_STORE_FORWARDING_STORE_H_
#define VECDB_STORE_FORWARDING_STORE_H_

#include <memory>
#include <utility>
#include <vector>

#include "vecdb/object_store.h"

namespace vecdb::store {

/// Passes every call on to another store; for those that do something about one of them.
/// Thread-safe.
class ForwardingStore : public ObjectStore {
 public:
  explicit ForwardingStore(std::shared_ptr<ObjectStore> base) : base_(std::move(base)) {}

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    return base_->Open(path, context);
  }
  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    return base_->Create(path, context);
  }
  absl::Status Delete(const ObjectPath& path, const Context& context) override {
    return base_->Delete(path, context);
  }
  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override {
    return base_->List(prefix, context);
  }
  absl::StatusOr<std::vector<ObjectInfo>> ListAfter(const ObjectPath& prefix,
                                                    const ObjectPath& after,
                                                    const Context& context) override {
    return base_->ListAfter(prefix, after, context);
  }
  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override {
    return base_->Lock(context);
  }

 private:
  const std::shared_ptr<ObjectStore> base_;
};

}  // namespace vecdb::store

#endif  // VECDB_STORE_FORWARDING_STORE_H_
