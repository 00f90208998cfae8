#ifndef VECDB_SUPPORT_FAKE_CLOCK_H_
#define VECDB_SUPPORT_FAKE_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "vecdb/clock.h"

namespace vecdb::support {

/// A clock that moves when the test says so. Thread-safe.
class FakeClock : public Clock {
 public:
  explicit FakeClock(int64_t now_ms = 1'700'000'000'000) : now_ms_(now_ms) {}

  int64_t NowMillis() const override { return now_ms_.load(std::memory_order_relaxed); }

  void Advance(int64_t by_ms) { now_ms_.fetch_add(by_ms, std::memory_order_relaxed); }
  void Set(int64_t now_ms) { now_ms_.store(now_ms, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> now_ms_;  // orders nothing else
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FAKE_CLOCK_H_
