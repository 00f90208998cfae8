#ifndef VECDB_BASE_RESERVATION_H_
#define VECDB_BASE_RESERVATION_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "vecdb/memory_budget.h"

namespace vecdb::base {

/// A share of a memory budget for memory that is allocated elsewhere; given back on destruction.
class Reservation {
 public:
  /// `budget` may be null: nothing is counted then.
  static absl::StatusOr<Reservation> Make(MemoryBudget* budget, uint64_t bytes,
                                          std::string_view what) {
    if (budget != nullptr) {
      if (absl::Status status = budget->Reserve(bytes, what); !status.ok()) return status;
    }
    Reservation reservation;
    reservation.budget_ = budget;
    reservation.bytes_ = bytes;
    return reservation;
  }

  /// The same without emptying a cache; nothing when it does not fit.
  static std::optional<Reservation> TryMake(MemoryBudget* budget, uint64_t bytes) {
    if (budget != nullptr && !budget->TryReserve(bytes)) return std::nullopt;
    Reservation reservation;
    reservation.budget_ = budget;
    reservation.bytes_ = bytes;
    return reservation;
  }

  Reservation() = default;
  Reservation(Reservation&& other) noexcept { Swap(other); }
  Reservation& operator=(Reservation&& other) noexcept {
    Reservation moved(std::move(other));
    Swap(moved);
    return *this;
  }
  ~Reservation() {
    if (budget_ != nullptr) budget_->Release(bytes_);
  }

  uint64_t bytes() const { return bytes_; }

 private:
  void Swap(Reservation& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
  }

  MemoryBudget* budget_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_RESERVATION_H_
