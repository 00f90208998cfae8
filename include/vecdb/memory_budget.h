#ifndef VECDB_MEMORY_BUDGET_H_
#define VECDB_MEMORY_BUDGET_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <string_view>

#include "absl/status/status.h"

namespace vecdb {

/// A hard limit on the large blocks of memory that the library takes: rows, vectors, indexes.
///
/// Memory is reserved here before it is allocated; what does not fit is refused with the figures
/// and nothing is half done. One budget may serve several databases and indexes. Thread-safe,
/// lock-free.
class MemoryBudget {
 public:
  /// A budget that refuses nothing and only counts.
  MemoryBudget() = default;
  explicit MemoryBudget(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// Takes `bytes` for `what` (a few words for the error message). ResourceExhausted, naming what
  /// was asked, used and allowed, when they do not fit: release something, or raise the limit.
  absl::Status Reserve(uint64_t bytes, std::string_view what);

  /// Gives back what Reserve took.
  void Release(uint64_t bytes);

  uint64_t limit_bytes() const { return limit_bytes_; }
  uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

 private:
  uint64_t limit_bytes_ = std::numeric_limits<uint64_t>::max();
  std::atomic<uint64_t> used_bytes_ = 0;  // a counter of its own: publishes no other data
};

}  // namespace vecdb

#endif  // VECDB_MEMORY_BUDGET_H_
