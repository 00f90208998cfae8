#include "base/hybrid_clock.h"

#include <algorithm>

namespace vecdb::base {

uint64_t HybridClock::Tick(uint64_t count) {
  const uint64_t now = static_cast<uint64_t>(std::max<int64_t>(0, clock_->NowMillis()))
                       << kCounterBits;
  uint64_t last = last_.load(std::memory_order_relaxed);
  uint64_t first = 0;
  do {
    first = std::max(now, last + 1);
  } while (!last_.compare_exchange_weak(last, first + count - 1, std::memory_order_relaxed));
  return first;
}

void HybridClock::Observe(uint64_t timestamp) {
  uint64_t last = last_.load(std::memory_order_relaxed);
  while (last < timestamp &&
         !last_.compare_exchange_weak(last, timestamp, std::memory_order_relaxed)) {
  }
}

}  // namespace vecdb::base
