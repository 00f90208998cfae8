#ifndef VECDB_MEMORY_BUDGET_H_
#define VECDB_MEMORY_BUDGET_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include "absl/status/status.h"

namespace vecdb {

/// Memory of a budget that is kept only as long as nobody needs it: decoded columns, for example.
class MemoryCache {
 public:
  virtual ~MemoryCache() = default;

  /// Gives back all that is not in use. Called by any thread, one at a time; must not reserve
  /// memory, add or remove caches.
  virtual void DropUnused() = 0;
};

/// A hard limit on the large blocks of memory that the library takes: rows, vectors, indexes.
///
/// Memory is reserved here before it is allocated. When it does not fit, caches are emptied one
/// after the other until it does; what does not fit then is refused with the figures and nothing is
/// half done. One budget may serve several databases and indexes. Thread-safe; without a lock as
/// long as everything fits.
class MemoryBudget {
 public:
  /// A budget that refuses nothing and only counts.
  MemoryBudget();
  explicit MemoryBudget(uint64_t limit_bytes);
  ~MemoryBudget();

  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// Takes `bytes` for `what` (a few words for the error message). ResourceExhausted, naming what
  /// was asked, used and allowed, when they do not fit: release something, or raise the limit.
  absl::Status Reserve(uint64_t bytes, std::string_view what);

  /// The same for what is not worth emptying a cache: whether it fits as things are.
  bool TryReserve(uint64_t bytes);

  /// Gives back what Reserve took.
  void Release(uint64_t bytes);

  /// Lets Reserve empty a cache, which the caller owns, until it is removed. RemoveCache returns
  /// when no call of DropUnused runs any more.
  void AddCache(MemoryCache* cache);
  void RemoveCache(MemoryCache* cache);

  uint64_t limit_bytes() const { return limit_bytes_; }
  uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Caches;

  absl::Status EmptyCachesAndReserve(uint64_t bytes, std::string_view what);

  uint64_t limit_bytes_ = std::numeric_limits<uint64_t>::max();
  std::atomic<uint64_t> used_bytes_ = 0;  // a counter of its own: publishes no other data
  std::unique_ptr<Caches> caches_;
};

}  // namespace vecdb

#endif  // VECDB_MEMORY_BUDGET_H_
