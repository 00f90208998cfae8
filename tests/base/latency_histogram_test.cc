#include "base/latency_histogram.h"

#include <gtest/gtest.h>

#include <limits>

namespace vecdb::base {
namespace {

using std::chrono::nanoseconds;

TEST(LatencyHistogramTest, EdgesAreThoseOfMilvusFromAMillisecondOn) {
  EXPECT_EQ(LatencyCounts::EdgeSeconds(0), 1.5625e-05);
  EXPECT_EQ(LatencyCounts::EdgeSeconds(6), 0.001);
  EXPECT_EQ(LatencyCounts::EdgeSeconds(13), 0.128);
  EXPECT_EQ(LatencyCounts::EdgeSeconds(23), 131.072);
}

TEST(LatencyHistogramTest, BothSidesOfEachEdge) {
  uint64_t edge_ns = 15625;
  for (size_t i = 0; i < LatencyCounts::kNumEdges; ++i, edge_ns *= 2) {
    EXPECT_EQ(LatencyCounts::BucketOf(edge_ns), i);
    EXPECT_EQ(LatencyCounts::BucketOf(edge_ns + 1), i + 1);
  }
  EXPECT_EQ(LatencyCounts::BucketOf(0), 0u);
  EXPECT_EQ(LatencyCounts::BucketOf(std::numeric_limits<uint64_t>::max()),
            LatencyCounts::kNumEdges);
}

TEST(LatencyHistogramTest, CountsAndSums) {
  LatencyHistogram histogram;
  histogram.Add(nanoseconds(10));
  histogram.Add(nanoseconds(1'000'000));
  histogram.Add(nanoseconds(1'000'001));
  const LatencyCounts counts = histogram.Read();
  EXPECT_EQ(counts.count(), 3u);
  EXPECT_EQ(counts.sum_ns, 2'000'011u);
  EXPECT_DOUBLE_EQ(counts.sum_seconds(), 0.002000011);
  EXPECT_EQ(counts.buckets[0], 1u);
  EXPECT_EQ(counts.buckets[6], 1u);
  EXPECT_EQ(counts.buckets[7], 1u);
}

TEST(LatencyHistogramTest, NegativeDurationIsNone) {
  LatencyHistogram histogram;
  histogram.Add(nanoseconds(-5));
  EXPECT_EQ(histogram.Read().buckets[0], 1u);
  EXPECT_EQ(histogram.Read().sum_ns, 0u);
}

TEST(LatencyHistogramTest, CountsAdd) {
  LatencyHistogram a;
  LatencyHistogram b;
  a.Add(nanoseconds(1));
  b.Add(nanoseconds(20'000));
  LatencyCounts sum = a.Read();
  sum += b.Read();
  EXPECT_EQ(sum.buckets[0], 1u);
  EXPECT_EQ(sum.buckets[1], 1u);
  EXPECT_EQ(sum.sum_ns, 20'001u);
}

}  // namespace
}  // namespace vecdb::base
