#ifndef VECDB_BASE_COUNT_HISTOGRAM_H_
#define VECDB_BASE_COUNT_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace vecdb::base {

/// How often there were how many of something, in buckets whose upper edges double, 1 to 32768. A
/// value.
struct CountBuckets {
  static constexpr size_t kNumEdges = 16;

  std::array<uint64_t, kNumEdges + 1> buckets{};  ///< the last one: more than every edge
  uint64_t sum = 0;

  /// The bucket that `count` falls into: that of the smallest edge which is not below it.
  static size_t BucketOf(uint64_t count);
  static double Edge(size_t edge);

  CountBuckets& operator+=(const CountBuckets& more);
};

/// Counts counts. Thread-safe, without a lock.
class CountHistogram {
 public:
  /// `times` times there were `count`.
  void Add(uint64_t count, uint64_t times = 1);
  /// What has been counted, at nearly one moment.
  CountBuckets Read() const;

 private:
  // Figures; they order nothing.
  std::array<std::atomic<uint64_t>, CountBuckets::kNumEdges + 1> buckets_{};
  std::atomic<uint64_t> sum_ = 0;
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_COUNT_HISTOGRAM_H_
