#include "base/count_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace vecdb::base {

size_t CountBuckets::BucketOf(uint64_t count) {
  if (count <= 1) return 0;
  return std::min<size_t>(std::bit_width(count - 1), kNumEdges);
}

double CountBuckets::Edge(size_t edge) { return std::ldexp(1.0, static_cast<int>(edge)); }

CountBuckets& CountBuckets::operator+=(const CountBuckets& more) {
  for (size_t i = 0; i < buckets.size(); ++i) buckets[i] += more.buckets[i];
  sum += more.sum;
  return *this;
}

void CountHistogram::Add(uint64_t count, uint64_t times) {
  buckets_[CountBuckets::BucketOf(count)].fetch_add(times, std::memory_order_relaxed);
  sum_.fetch_add(count * times, std::memory_order_relaxed);
}

CountBuckets CountHistogram::Read() const {
  CountBuckets counts;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    counts.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
  }
  counts.sum = sum_.load(std::memory_order_relaxed);
  return counts;
}

}  // namespace vecdb::base
