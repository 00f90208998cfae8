#ifndef SHARDED_SERVICE_LATENCY_WINDOW_H_
#define SHARDED_SERVICE_LATENCY_WINDOW_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>

namespace sharded_service {

/// How long the last answers took. Thread-safe.
class LatencyWindow {
 public:
  void Add(std::chrono::microseconds latency);

  /// What 95 of 100 of the last 128 answers did not exceed; nullopt while there were fewer than 20.
  std::optional<std::chrono::microseconds> P95() const;

 private:
  static constexpr size_t kKept = 128;
  static constexpr size_t kEnough = 20;

  mutable std::mutex mutex_;  // of all below
  std::array<std::chrono::microseconds, kKept> latencies_{};
  size_t num_added_ = 0;
};

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_LATENCY_WINDOW_H_
