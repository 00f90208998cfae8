#include "engine/build_slots.h"

#include "base/look_again.h"
#include "base/status_macros.h"

namespace vecdb::engine {

absl::StatusOr<BuildSlots::Slot> BuildSlots::Take(uint64_t peak_bytes, const MemoryBudget* budget,
                                                  const Context& context) {
  base::MutexLock lock(&mutex_);
  const uint64_t ticket = next_ticket_++;
  waiting_.insert(ticket);
  absl::Status status;
  while (status.ok() && (*waiting_.begin() != ticket || !HasRoom(peak_bytes, budget))) {
    status = context.Check();
    if (status.ok()) left_.WaitUntil(&mutex_, base::LookAgain(context));
  }
  waiting_.erase(ticket);
  left_.NotifyAll();  // there may be room for the next one, too
  VECDB_RETURN_IF_ERROR(status);
  ++num_building_;
  pledged_bytes_ += peak_bytes;
  return Slot(this, peak_bytes);
}

// What others have taken already of what they pledged counts twice: rather too few at a time.
bool BuildSlots::HasRoom(uint64_t peak_bytes, const MemoryBudget* budget) const {
  if (num_building_ == 0) return true;
  if (num_building_ >= most_) return false;
  const uint64_t free = budget == nullptr ? MemoryBudget::kNoLimit : budget->FreeBytes();
  return free == MemoryBudget::kNoLimit || pledged_bytes_ + peak_bytes <= free;
}

void BuildSlots::Leave(uint64_t peak_bytes) {
  base::MutexLock lock(&mutex_);
  --num_building_;
  pledged_bytes_ -= peak_bytes;
  left_.NotifyAll();
}

}  // namespace vecdb::engine
