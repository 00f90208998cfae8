#ifndef VECDB_BASE_RESERVATION_H_
#define VECDB_BASE_RESERVATION_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "vecdb/memory_budget.h"

namespace vecdb::base {

/// Whether so many bytes fit into `budget`, if need be without what its caches hold, which are
/// emptied then.
inline bool HasRoomFor(uint64_t bytes, MemoryBudget* budget) {
  if (budget == nullptr || bytes <= budget->FreeBytes()) return true;
  budget->DropCaches();
  return bytes <= budget->FreeBytes();
}

/// A share of a memory budget for memory that is allocated elsewhere; given back on destruction.
class Reservation {
 public:
  /// `budget` may be null: nothing is counted then.
  static absl::StatusOr<Reservation> Make(MemoryBudget* budget, uint64_t bytes,
                                          std::string_view what,
                                          MemoryUse use = MemoryUse::kOther) {
    if (budget != nullptr) {
      if (absl::Status status = budget->Reserve(bytes, what, use); !status.ok()) return status;
    }
    return Reservation(budget, bytes, use);
  }

  /// The same without emptying a cache; nothing when it does not fit.
  static std::optional<Reservation> TryMake(MemoryBudget* budget, uint64_t bytes,
                                            MemoryUse use = MemoryUse::kOther) {
    if (budget != nullptr && !budget->TryReserve(bytes, use)) return std::nullopt;
    return Reservation(budget, bytes, use);
  }

  Reservation() = default;
  Reservation(Reservation&& other) noexcept { Swap(other); }
  Reservation& operator=(Reservation&& other) noexcept {
    Reservation moved(std::move(other));
    Swap(moved);
    return *this;
  }
  ~Reservation() {
    if (budget_ != nullptr) budget_->Release(bytes_, use_);
  }

  uint64_t bytes() const { return bytes_; }

 private:
  Reservation(MemoryBudget* budget, uint64_t bytes, MemoryUse use)
      : budget_(budget), bytes_(bytes), use_(use) {}

  void Swap(Reservation& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    std::swap(use_, other.use_);
  }

  MemoryBudget* budget_ = nullptr;
  uint64_t bytes_ = 0;
  MemoryUse use_ = MemoryUse::kOther;
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_RESERVATION_H_
