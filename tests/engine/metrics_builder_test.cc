#include "engine/metrics_builder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace vecdb::engine {
namespace {

TEST(MetricsBuilderTest, FamiliesComeByNameAndFiguresAsTheyCame) {
  MetricsBuilder builder;
  builder.Gauge("b", "B.", {{"l", "2"}}, 2);
  builder.Counter("a_total", "A.", {}, 1);
  builder.Gauge("b", "B.", {{"l", "1"}}, 1);
  const auto families = builder.Take();
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(families[0], (MetricFamily{.name = "a_total",
                                       .help = "A.",
                                       .type = MetricType::kCounter,
                                       .samples = {{.value = 1}}}));
  EXPECT_EQ(families[1], (MetricFamily{.name = "b",
                                       .help = "B.",
                                       .samples = {{.labels = {{"l", "2"}}, .value = 2},
                                                   {.labels = {{"l", "1"}}, .value = 1}}}));
  EXPECT_TRUE(builder.Take().empty());
}

TEST(MetricsBuilderTest, BucketsAreCumulativeUpToInfinity) {
  base::LatencyHistogram histogram;
  histogram.Add(std::chrono::microseconds(10));
  histogram.Add(std::chrono::milliseconds(1));
  histogram.Add(std::chrono::hours(1));
  MetricsBuilder builder;
  builder.Histogram("t", "T.", {}, histogram.Read());
  const MetricSample sample = builder.Take()[0].samples[0];
  ASSERT_EQ(sample.buckets.size(), base::LatencyCounts::kNumEdges + 1);
  EXPECT_EQ(sample.buckets[0], (MetricBucket{1.5625e-05, 1}));
  EXPECT_EQ(sample.buckets[5], (MetricBucket{0.0005, 1}));
  EXPECT_EQ(sample.buckets[6], (MetricBucket{0.001, 2}));
  EXPECT_EQ(sample.buckets[23], (MetricBucket{131.072, 2}));
  EXPECT_TRUE(std::isinf(sample.buckets[24].upper_bound));
  EXPECT_EQ(sample.count(), 3u);
  EXPECT_DOUBLE_EQ(sample.sum, 3600.00101);
}

TEST(MetricsBuilderTest, BucketsOfCountsHaveWholeEdges) {
  base::CountHistogram histogram;
  histogram.Add(3, 2);
  histogram.Add(70'000);
  MetricsBuilder builder;
  builder.Histogram("n", "N.", {}, histogram.Read());
  const MetricSample sample = builder.Take()[0].samples[0];
  ASSERT_EQ(sample.buckets.size(), base::CountBuckets::kNumEdges + 1);
  EXPECT_EQ(sample.buckets[1], (MetricBucket{2, 0}));
  EXPECT_EQ(sample.buckets[2], (MetricBucket{4, 2}));
  EXPECT_EQ(sample.buckets[15], (MetricBucket{32768, 2}));
  EXPECT_TRUE(std::isinf(sample.buckets[16].upper_bound));
  EXPECT_EQ(sample.count(), 3u);
  EXPECT_EQ(sample.sum, 70'006);
}

}  // namespace
}  // namespace vecdb::engine
