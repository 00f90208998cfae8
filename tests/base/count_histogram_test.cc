#include "base/count_histogram.h"

#include <gtest/gtest.h>

#include <limits>

namespace vecdb::base {
namespace {

TEST(CountHistogramTest, BothSidesOfEachEdge) {
  uint64_t edge = 1;
  for (size_t i = 0; i < CountBuckets::kNumEdges; ++i, edge *= 2) {
    EXPECT_EQ(CountBuckets::Edge(i), static_cast<double>(edge));
    EXPECT_EQ(CountBuckets::BucketOf(edge), i);
    EXPECT_EQ(CountBuckets::BucketOf(edge + 1), i + 1);
  }
  EXPECT_EQ(CountBuckets::BucketOf(0), 0u);
  EXPECT_EQ(CountBuckets::BucketOf(std::numeric_limits<uint64_t>::max()), CountBuckets::kNumEdges);
}

TEST(CountHistogramTest, CountsSumAndAdd) {
  CountHistogram histogram;
  histogram.Add(3);
  histogram.Add(4, 2);
  histogram.Add(100'000);
  CountBuckets twice = histogram.Read();
  twice += histogram.Read();
  EXPECT_EQ(twice.buckets[2], 6u);
  EXPECT_EQ(twice.buckets[CountBuckets::kNumEdges], 2u);
  EXPECT_EQ(twice.sum, 200'022u);
}

}  // namespace
}  // namespace vecdb::base
