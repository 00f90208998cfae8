#include "engine/lease_book.h"

#include "base/out_of_memory.h"

namespace vecdb::engine {

void LeaseBook::Add(const std::shared_ptr<ReaderLease>& lease) {
  base::MutexLock lock(&mutex_);
  std::erase_if(leases_, [](const auto& each) { return each.expired(); });
  leases_.push_back(lease);
}

void LeaseBook::RenewAll(const Context& context) {
  std::vector<std::weak_ptr<ReaderLease>> leases;
  {
    base::MutexLock lock(&mutex_);
    leases = leases_;
  }
  for (const auto& each : leases) {
    if (!context.Check().ok()) return;
    const auto lease = each.lock();
    if (lease == nullptr) continue;
    // One that fails keeps none of the others from being renewed.
    base::OrOutOfMemory([&] { return lease->Renew(context); }).IgnoreError();
  }
}

}  // namespace vecdb::engine
