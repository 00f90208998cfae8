#ifndef VECDB_ENGINE_LEASE_BOOK_H_
#define VECDB_ENGINE_LEASE_BOOK_H_

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "engine/reader_lease.h"
#include "vecdb/context.h"

namespace vecdb::engine {

/// The leases of a database that is read alone, of the collections that are open and of those that
/// are being opened, to be renewed beside what their readers do. Thread-safe.
class LeaseBook {
 public:
  /// Notes a lease for as long as somebody holds it.
  void Add(const std::shared_ptr<ReaderLease>& lease);

  /// Renews what is to be renewed. What fails is tried again by the next call, and by the next
  /// refresh, which tells of it.
  void RenewAll(const Context& context);

 private:
  base::Mutex mutex_;  // a leaf
  std::vector<std::weak_ptr<ReaderLease>> leases_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LEASE_BOOK_H_
