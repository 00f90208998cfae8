#ifndef VECDB_BASE_THROTTLE_H_
#define VECDB_BASE_THROTTLE_H_

#include <chrono>
#include <cstdint>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "vecdb/context.h"

namespace vecdb::base {

/// Lets so many bytes a second pass, by the monotonic clock. What passes is paid for afterwards:
/// the next one waits, so that a piece of any size goes through and a pause earns nothing.
/// Thread-safe.
class Throttle {
 public:
  /// `bytes_per_second` is at least 1.
  explicit Throttle(uint64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  /// Waits until what passed before has been paid for. Cancelled or DeadlineExceeded, with nothing
  /// counted.
  absl::Status Pass(uint64_t bytes, const Context& context);

 private:
  const uint64_t bytes_per_second_;
  Mutex mutex_;  // a leaf
  CondVar never_;
  std::chrono::steady_clock::time_point free_from_ ABSL_GUARDED_BY(mutex_) = {};
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_THROTTLE_H_
