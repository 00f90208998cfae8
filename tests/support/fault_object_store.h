#ifndef VECDB_SUPPORT_FAULT_OBJECT_STORE_H_
#define VECDB_SUPPORT_FAULT_OBJECT_STORE_H_

#include <memory>
#include <vector>

#include "support/fault_injector.h"
#include "vecdb/object_store.h"

namespace vecdb::support {

/// An object store whose calls, and those of its readers and writers, fail as `injector` says. The
/// calls carry the names of the methods of ObjectStore, "ReadAt", "Append" and "Finish".
/// Thread-safe.
class FaultObjectStore : public ObjectStore {
 public:
  FaultObjectStore(std::shared_ptr<ObjectStore> base, std::shared_ptr<FaultInjector> injector);

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override;
  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override;
  absl::Status Delete(const ObjectPath& path, const Context& context) override;
  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override;
  absl::StatusOr<std::vector<ObjectInfo>> ListAfter(const ObjectPath& prefix,
                                                    const ObjectPath& after,
                                                    const Context& context) override;
  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override;

 private:
  const std::shared_ptr<ObjectStore> base_;
  const std::shared_ptr<FaultInjector> injector_;
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FAULT_OBJECT_STORE_H_
