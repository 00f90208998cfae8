#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "vecdb/metrics.h"

namespace vecdb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string TextOf(const MetricFamily& family) { return MetricsText({{family}}); }

std::string GaugeText(double value) {
  const std::string text = TextOf({.name = "g", .help = "h", .samples = {{.value = value}}});
  const size_t begin = text.rfind(' ') + 1;
  return text.substr(begin, text.size() - 1 - begin);
}

TEST(MetricsTextTest, NothingIsNoText) { EXPECT_EQ(MetricsText({}), ""); }

TEST(MetricsTextTest, CounterAndGaugeAreALineEachBehindTheirHeads) {
  const std::vector<MetricFamily> families = {
      {.name = "rows_total",
       .help = "Rows.",
       .type = MetricType::kCounter,
       .samples = {{.labels = {{"collection", "a"}, {"state", "x"}}, .value = 3},
                   {.labels = {{"collection", "b"}, {"state", "x"}}, .value = 0.5}}},
      {.name = "size_bytes", .help = "Size.", .samples = {{.value = 12}}}};
  EXPECT_EQ(MetricsText(families),
            "# HELP rows_total Rows.\n"
            "# TYPE rows_total counter\n"
            "rows_total{collection=\"a\",state=\"x\"} 3\n"
            "rows_total{collection=\"b\",state=\"x\"} 0.5\n"
            "# HELP size_bytes Size.\n"
            "# TYPE size_bytes gauge\n"
            "size_bytes 12\n");
}

TEST(MetricsTextTest, HistogramHasItsBucketsSumAndCount) {
  const MetricFamily family{.name = "t_seconds",
                            .help = "Time.",
                            .type = MetricType::kHistogram,
                            .samples = {{.labels = {{"stage", "plan"}},
                                         .buckets = {{1.5625e-05, 1}, {0.001, 4}, {kInfinity, 6}},
                                         .sum = 2.25}}};
  EXPECT_EQ(TextOf(family),
            "# HELP t_seconds Time.\n"
            "# TYPE t_seconds histogram\n"
            "t_seconds_bucket{stage=\"plan\",le=\"1.5625e-05\"} 1\n"
            "t_seconds_bucket{stage=\"plan\",le=\"0.001\"} 4\n"
            "t_seconds_bucket{stage=\"plan\",le=\"+Inf\"} 6\n"
            "t_seconds_sum{stage=\"plan\"} 2.25\n"
            "t_seconds_count{stage=\"plan\"} 6\n");
}

TEST(MetricsTextTest, HistogramWithoutLabelsHasTheEdgeAlone) {
  const MetricFamily family{.name = "t",
                            .help = "T.",
                            .type = MetricType::kHistogram,
                            .samples = {{.buckets = {{kInfinity, 0}}}}};
  EXPECT_EQ(TextOf(family),
            "# HELP t T.\n# TYPE t histogram\nt_bucket{le=\"+Inf\"} 0\nt_sum 0\nt_count 0\n");
}

TEST(MetricsTextTest, LabelsAndHelpAreEscaped) {
  const MetricFamily family{.name = "g",
                            .help = "back\\slash, \"quote\",\nnew line",
                            .samples = {{.labels = {{"l", "back\\slash, \"quote\",\nnew line"}}}}};
  EXPECT_EQ(TextOf(family),
            "# HELP g back\\\\slash, \"quote\",\\nnew line\n"
            "# TYPE g gauge\n"
            "g{l=\"back\\\\slash, \\\"quote\\\",\\nnew line\"} 0\n");
}

TEST(MetricsTextTest, NumbersAreTheShortestThatAreReadAsTheSame) {
  EXPECT_EQ(GaugeText(0), "0");
  EXPECT_EQ(GaugeText(-7), "-7");
  EXPECT_EQ(GaugeText(1e6), "1000000");
  EXPECT_EQ(GaugeText(9007199254740991.0), "9007199254740991");
  EXPECT_EQ(GaugeText(0.1), "0.1");
  EXPECT_EQ(GaugeText(0.0005), "0.0005");
  EXPECT_EQ(GaugeText(0.00003125), "3.125e-05");
  EXPECT_EQ(GaugeText(1e300), "1e+300");
  EXPECT_EQ(std::stod(GaugeText(1.0 / 3)), 1.0 / 3);
  EXPECT_EQ(GaugeText(kInfinity), "+Inf");
  EXPECT_EQ(GaugeText(-kInfinity), "-Inf");
  EXPECT_EQ(GaugeText(std::nan("")), "NaN");
}

}  // namespace
}  // namespace vecdb
