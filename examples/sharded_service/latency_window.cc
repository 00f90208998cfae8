#include "sharded_service/latency_window.h"

#include <algorithm>

namespace sharded_service {

void LatencyWindow::Add(std::chrono::microseconds latency) {
  const std::lock_guard lock(mutex_);
  latencies_[num_added_++ % kKept] = latency;
}

std::optional<std::chrono::microseconds> LatencyWindow::P95() const {
  std::array<std::chrono::microseconds, kKept> sorted;
  size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    sorted = latencies_;
    count = std::min(num_added_, kKept);
  }
  if (count < kEnough) return std::nullopt;
  const size_t at = count * 95 / 100;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(at),
                   sorted.begin() + static_cast<ptrdiff_t>(count));
  return sorted[at];
}

}  // namespace sharded_service
