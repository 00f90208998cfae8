#include "base/throttle.h"

#include <algorithm>

#include "base/look_again.h"
#include "base/status_macros.h"

namespace vecdb::base {

absl::Status Throttle::Pass(uint64_t bytes, const Context& context) {
  using Clock = std::chrono::steady_clock;
  const std::chrono::duration<double> cost(static_cast<double>(bytes) /
                                           static_cast<double>(bytes_per_second_));
  MutexLock lock(&mutex_);
  // Looked at again after each wait: another thread may have passed meanwhile.
  while (free_from_ > Clock::now()) {
    VECDB_RETURN_IF_ERROR(context.Check());
    never_.WaitUntil(&mutex_, std::min(free_from_, LookAgain(context)));
  }
  free_from_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(cost);
  return absl::OkStatus();
}

}  // namespace vecdb::base
