#include "base/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace vecdb::base {
namespace {

constexpr uint64_t kFirstEdgeNs = 15625;

}  // namespace

size_t LatencyCounts::BucketOf(uint64_t ns) {
  if (ns <= kFirstEdgeNs) return 0;
  return std::min<size_t>(std::bit_width((ns - 1) / kFirstEdgeNs), kNumEdges);
}

double LatencyCounts::EdgeSeconds(size_t edge) {
  return std::ldexp(static_cast<double>(kFirstEdgeNs) * 1e-9, static_cast<int>(edge));
}

uint64_t LatencyCounts::count() const {
  return std::accumulate(buckets.begin(), buckets.end(), uint64_t{0});
}

LatencyCounts& LatencyCounts::operator+=(const LatencyCounts& more) {
  for (size_t i = 0; i < buckets.size(); ++i) buckets[i] += more.buckets[i];
  sum_ns += more.sum_ns;
  return *this;
}

void LatencyHistogram::Add(std::chrono::nanoseconds duration) {
  const auto ns = static_cast<uint64_t>(std::max<int64_t>(duration.count(), 0));
  buckets_[LatencyCounts::BucketOf(ns)].fetch_add(1, std::memory_order_relaxed);
  sum_ns_.fetch_add(ns, std::memory_order_relaxed);
}

LatencyCounts LatencyHistogram::Read() const {
  LatencyCounts counts;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    counts.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
  }
  counts.sum_ns = sum_ns_.load(std::memory_order_relaxed);
  return counts;
}

}  // namespace vecdb::base
