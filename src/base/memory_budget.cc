#include "vecdb/memory_budget.h"

#include <list>

#include "absl/strings/str_format.h"
#include "base/mutex.h"

namespace vecdb {

struct MemoryBudget::Caches {
  base::Mutex mutex;                                      // held while a cache is emptied
  std::list<MemoryCache*> caches ABSL_GUARDED_BY(mutex);  // the one emptied last is the last
};

MemoryBudget::MemoryBudget() : MemoryBudget(std::numeric_limits<uint64_t>::max()) {}
MemoryBudget::MemoryBudget(uint64_t limit_bytes)
    : limit_bytes_(limit_bytes), caches_(std::make_unique<Caches>()) {}
MemoryBudget::~MemoryBudget() = default;

bool MemoryBudget::TryReserve(uint64_t bytes) {
  uint64_t used = used_bytes_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_bytes_ || used > limit_bytes_ - bytes) return false;
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

absl::Status MemoryBudget::Reserve(uint64_t bytes, std::string_view what) {
  return TryReserve(bytes) ? absl::OkStatus() : EmptyCachesAndReserve(bytes, what);
}

absl::Status MemoryBudget::EmptyCachesAndReserve(uint64_t bytes, std::string_view what) {
  base::MutexLock lock(&caches_->mutex);
  std::list<MemoryCache*>& caches = caches_->caches;
  for (size_t left = bytes > limit_bytes_ ? 0 : caches.size(); left > 0; --left) {
    caches.front()->DropUnused();
    caches.splice(caches.end(), caches, caches.begin());
    if (TryReserve(bytes)) return absl::OkStatus();
  }
  const uint64_t used = used_bytes();
  return absl::ResourceExhaustedError(
      absl::StrFormat("%s needs %d bytes; the memory budget has %d of %d bytes left", what, bytes,
                      used > limit_bytes_ ? 0 : limit_bytes_ - used, limit_bytes_));
}

void MemoryBudget::Release(uint64_t bytes) {
  used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void MemoryBudget::AddCache(MemoryCache* cache) {
  base::MutexLock lock(&caches_->mutex);
  caches_->caches.push_back(cache);
}

void MemoryBudget::RemoveCache(MemoryCache* cache) {
  base::MutexLock lock(&caches_->mutex);
  caches_->caches.remove(cache);
}

}  // namespace vecdb
