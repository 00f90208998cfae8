#ifndef VECDB_BASE_HYBRID_CLOCK_H_
#define VECDB_BASE_HYBRID_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "vecdb/clock.h"

namespace vecdb::base {

/// Timestamps that grow with every call and stay near the wall clock: 46 bits of milliseconds, 18
/// bits of counter (Kulkarni et al. 2014, with the layout of Milvus). Thread-safe.
class HybridClock {
 public:
  static constexpr int kCounterBits = 18;

  /// `clock` must outlive this object.
  explicit HybridClock(const Clock* clock) : clock_(clock) {}

  /// The first of `count` timestamps in a row, all later than any given or observed before.
  uint64_t Tick(uint64_t count = 1);

  /// Makes all later timestamps greater than `timestamp`.
  void Observe(uint64_t timestamp);

 private:
  const Clock* clock_;
  std::atomic<uint64_t> last_ = 0;  // the largest timestamp given; publishes nothing else
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_HYBRID_CLOCK_H_
