#include "vecdb/memory_budget.h"

#include "absl/strings/str_format.h"

namespace vecdb {

absl::Status MemoryBudget::Reserve(uint64_t bytes, std::string_view what) {
  uint64_t used = used_bytes_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_bytes_ || used > limit_bytes_ - bytes) {
      return absl::ResourceExhaustedError(
          absl::StrFormat("%s needs %d bytes; the memory budget has %d of %d bytes left", what,
                          bytes, used > limit_bytes_ ? 0 : limit_bytes_ - used, limit_bytes_));
    }
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return absl::OkStatus();
}

void MemoryBudget::Release(uint64_t bytes) {
  used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

}  // namespace vecdb
