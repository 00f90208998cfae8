#ifndef VECDB_MEMORY_BUDGET_H_
#define VECDB_MEMORY_BUDGET_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace vecdb {

/// What a block of memory is for.
enum class MemoryUse : int32_t {
  kGrowingRows,  ///< rows that are in no flushed segment yet, and their keys
  kVectors,      ///< vectors of flushed segments that searches compare
  kIndexes,      ///< links, lists and codes
  kColumns,      ///< keys, decoded columns and remembered filters; mostly caches
  kBuilds,       ///< what builds, merges and recoveries need while they run
  kQueries,      ///< what searches need while they run, kept for the next ones
  kOther,        ///< a host's own reservations
};
inline constexpr size_t kNumMemoryUses = 7;

/// "growing rows", "vectors", and so on.
std::string_view MemoryUseName(MemoryUse use);

/// What a budget and the budgets below it have given out, at nearly one moment.
struct MemoryReport {
  static constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

  std::string name{};
  uint64_t limit_bytes = kNoLimit;
  uint64_t used_bytes = 0;
  uint64_t peak_bytes = 0;  ///< the most that was used at one time
  std::array<uint64_t, kNumMemoryUses> bytes_of_use{};
  std::vector<MemoryReport> parts{};  ///< the budgets below, by name; included in the figures above

  uint64_t of(MemoryUse use) const { return bytes_of_use[static_cast<size_t>(use)]; }

  /// The tree as text, a line for each budget and use that has bytes.
  std::string ToString() const;
};

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
/// half done. Budgets form a tree: what one gives out counts in those above it, too, and has to fit
/// into each. A database makes one for itself below Host::budget, and one below that for each of
/// its collections; see Database::MemoryReport. One budget may serve several databases and indexes.
/// Thread-safe; without a lock as long as everything fits.
class MemoryBudget {
 public:
  static constexpr uint64_t kNoLimit = MemoryReport::kNoLimit;

  /// A budget that refuses nothing and only counts.
  MemoryBudget();
  explicit MemoryBudget(uint64_t limit_bytes);
  /// A part of `parent`, which must outlive it; nullptr for none. `name` is for reports and errors.
  MemoryBudget(std::string name, uint64_t limit_bytes, MemoryBudget* parent);
  ~MemoryBudget();

  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// Takes `bytes` for `what` (a few words for the error message). ResourceExhausted, naming what
  /// was asked, used and allowed, when they do not fit: release something, or raise the limit.
  absl::Status Reserve(uint64_t bytes, std::string_view what, MemoryUse use = MemoryUse::kOther);

  /// The same for what is not worth emptying a cache: whether it fits as things are.
  bool TryReserve(uint64_t bytes, MemoryUse use = MemoryUse::kOther);

  /// Gives back what Reserve took.
  void Release(uint64_t bytes, MemoryUse use = MemoryUse::kOther);

  /// Lets Reserve empty a cache, which the caller owns, until it is removed. RemoveCache returns
  /// when no call of DropUnused runs any more.
  void AddCache(MemoryCache* cache);
  void RemoveCache(MemoryCache* cache);

  /// Gives it another name.
  void SetName(std::string name);

  /// Empties all caches of this budget and those below.
  void DropCaches();

  /// Changes the limit. What is above a lower one stays, and nothing is given out until it is gone.
  void SetLimit(uint64_t limit_bytes) { limit_bytes_.store(limit_bytes); }

  uint64_t limit_bytes() const { return limit_bytes_.load(std::memory_order_relaxed); }
  uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  uint64_t used_bytes(MemoryUse use) const {
    return bytes_of_use_[static_cast<size_t>(use)].load(std::memory_order_relaxed);
  }

  /// How many more bytes fit, into this budget and those above; caches are not counted as free.
  uint64_t FreeBytes() const;

  MemoryReport Report() const;

 private:
  struct Shared;  // by all budgets of a tree

  bool Take(uint64_t bytes, MemoryUse use);
  void NotePeak();
  MemoryBudget* TakeFromAll(uint64_t bytes, MemoryUse use);
  MemoryBudget* TakeAndNote(uint64_t bytes, MemoryUse use);
  absl::Status EmptyCachesAndReserve(uint64_t bytes, std::string_view what, MemoryUse use);
  absl::Status Full(const MemoryBudget& budget, uint64_t bytes, std::string_view what) const;
  bool IsWithin(const MemoryBudget* other) const;
  vecdb::MemoryReport ReportLocked() const;

  std::string name_;  // guarded by the mutex of shared_
  MemoryBudget* const parent_;
  const std::shared_ptr<Shared> shared_;
  std::atomic<uint64_t> limit_bytes_;
  // Counters of their own: they publish no other data.
  std::atomic<uint64_t> used_bytes_ = 0;
  std::atomic<uint64_t> peak_bytes_ = 0;
  std::array<std::atomic<uint64_t>, kNumMemoryUses> bytes_of_use_{};
  std::vector<MemoryBudget*> parts_;  // guarded by the mutex of shared_
};

}  // namespace vecdb

#endif  // VECDB_MEMORY_BUDGET_H_
