#ifndef VECDB_LIMITS_LATENCIES_H_
#define VECDB_LIMITS_LATENCIES_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

namespace vecdb::support {

using SteadyTime = std::chrono::steady_clock::time_point;
using SteadyDuration = std::chrono::steady_clock::duration;

inline double ToMillis(SteadyDuration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// How long calls took to return, in milliseconds. Thread-compatible.
class Latencies {
 public:
  void Add(SteadyDuration latency) { millis_.push_back(ToMillis(latency)); }
  void Add(const Latencies& others) {
    millis_.insert(millis_.end(), others.millis_.begin(), others.millis_.end());
  }

  size_t count() const { return millis_.size(); }
  double max_ms() const { return Quantile(1); }
  double median_ms() const { return Quantile(0.5); }

  /// 0 without calls.
  double Quantile(double share) const {
    if (millis_.empty()) return 0;
    std::vector<double> sorted = millis_;
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
  }

  std::string ToString() const {
    return absl::StrFormat("p50 %8.3f  p99 %8.3f  max %8.3f ms of %4d", median_ms(), Quantile(0.99),
                           max_ms(), count());
  }

 private:
  std::vector<double> millis_;
};

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_LATENCIES_H_
