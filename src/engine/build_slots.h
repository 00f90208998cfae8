#ifndef VECDB_ENGINE_BUILD_SLOTS_H_
#define VECDB_ENGINE_BUILD_SLOTS_H_

#include <cstdint>
#include <set>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "vecdb/context.h"
#include "vecdb/memory_budget.h"

namespace vecdb::engine {

/// How many indexes a database builds at a time: so many at most, and beside others only what there
/// is memory for. One alone is always let through, and finds out itself. Who came first is let in
/// first, so that a large one is not passed by small ones for ever. Thread-safe.
class BuildSlots {
 public:
  explicit BuildSlots(int most) : most_(most) {}

  /// The leave to build, held for a scope.
  class Slot {
   public:
    Slot(BuildSlots* slots, uint64_t peak_bytes) : slots_(slots), peak_bytes_(peak_bytes) {}
    Slot(Slot&& other) noexcept : slots_(other.slots_), peak_bytes_(other.peak_bytes_) {
      other.slots_ = nullptr;
    }
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (slots_ != nullptr) slots_->Leave(peak_bytes_);
    }

   private:
    BuildSlots* slots_;
    uint64_t peak_bytes_;
  };

  int most() const { return most_; }

  /// Waits for its turn. `peak_bytes` of `budget`, which may be null, is what the build takes at
  /// most. Cancelled, DeadlineExceeded.
  absl::StatusOr<Slot> Take(uint64_t peak_bytes, const MemoryBudget* budget,
                            const Context& context);

 private:
  bool HasRoom(uint64_t peak_bytes, const MemoryBudget* budget) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Leave(uint64_t peak_bytes);

  const int most_;
  base::Mutex mutex_;  // before the budget's
  base::CondVar left_;
  uint64_t next_ticket_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<uint64_t> waiting_ ABSL_GUARDED_BY(mutex_);  // tickets, the oldest first
  int num_building_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t pledged_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of those that build
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_BUILD_SLOTS_H_
