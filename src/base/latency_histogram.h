#ifndef VECDB_BASE_LATENCY_HISTOGRAM_H_
#define VECDB_BASE_LATENCY_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace vecdb::base {

/// How often something took how long, in buckets whose upper edges double: 1/64 of a millisecond,
/// so that a fast search is not in the first, up to 131.072 seconds. From 1 ms on they are those of
/// Milvus, so that a bucket of the one is a bucket of the other. A value.
struct LatencyCounts {
  static constexpr size_t kNumEdges = 24;

  std::array<uint64_t, kNumEdges + 1> buckets{};  ///< the last one: longer than every edge
  uint64_t sum_ns = 0;

  /// The bucket that `ns` falls into: that of the smallest edge which is not below it.
  static size_t BucketOf(uint64_t ns);
  static double EdgeSeconds(size_t edge);

  uint64_t count() const;
  double sum_seconds() const { return static_cast<double>(sum_ns) * 1e-9; }
  LatencyCounts& operator+=(const LatencyCounts& more);
};

/// Counts durations. Thread-safe, without a lock.
class LatencyHistogram {
 public:
  /// A negative duration counts as none.
  void Add(std::chrono::nanoseconds duration);
  /// What has been counted, at nearly one moment.
  LatencyCounts Read() const;

 private:
  // Figures; they order nothing.
  std::array<std::atomic<uint64_t>, LatencyCounts::kNumEdges + 1> buckets_{};
  std::atomic<uint64_t> sum_ns_ = 0;
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_LATENCY_HISTOGRAM_H_
