#ifndef VECDB_SUPPORT_UNLOCKED_STORE_H_
#define VECDB_SUPPORT_UNLOCKED_STORE_H_

#include <memory>

#include "store/forwarding_store.h"

namespace vecdb::support {

/// The store of another process: a lock that excludes nobody, as that of an object store.
class UnlockedStore final : public store::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context&) override {
    return std::make_unique<StoreLock>();
  }
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_UNLOCKED_STORE_H_
