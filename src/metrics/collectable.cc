#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <memory>
#include <utility>
#include <vector>

#include "vecdb/metrics.h"
#include "vecdb/prometheus.h"

namespace vecdb {
namespace {

prometheus::MetricType TypeOf(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return prometheus::MetricType::Counter;
    case MetricType::kGauge:
      return prometheus::MetricType::Gauge;
    case MetricType::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric::Histogram HistogramOf(const MetricSample& sample) {
  prometheus::ClientMetric::Histogram histogram;
  histogram.sample_count = sample.count();
  histogram.sample_sum = sample.sum;
  for (const MetricBucket& bucket : sample.buckets) {
    prometheus::ClientMetric::Bucket& copy = histogram.bucket.emplace_back();
    copy.cumulative_count = bucket.cumulative_count;
    copy.upper_bound = bucket.upper_bound;
  }
  return histogram;
}

prometheus::ClientMetric MetricOf(MetricType type, const MetricSample& sample) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) {
    prometheus::ClientMetric::Label& label = metric.label.emplace_back();
    label.name = name;
    label.value = value;
  }
  if (type == MetricType::kHistogram) {
    metric.histogram = HistogramOf(sample);
  } else if (type == MetricType::kCounter) {
    metric.counter.value = sample.value;
  } else {
    metric.gauge.value = sample.value;
  }
  return metric;
}

class DatabaseCollectable final : public prometheus::Collectable {
 public:
  explicit DatabaseCollectable(const std::shared_ptr<Database>& database) : database_(database) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> copies;
    const std::shared_ptr<Database> database = database_.lock();
    if (database == nullptr) return copies;
    for (const MetricFamily& family : database->CollectMetrics()) {
      prometheus::MetricFamily& copy = copies.emplace_back();
      copy.name = family.name;
      copy.help = family.help;
      copy.type = TypeOf(family.type);
      for (const MetricSample& sample : family.samples) {
        copy.metric.push_back(MetricOf(family.type, sample));
      }
    }
    return copies;
  }

 private:
  const std::weak_ptr<Database> database_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> MetricsOf(const std::shared_ptr<Database>& database) {
  return std::make_shared<DatabaseCollectable>(database);
}

}  // namespace vecdb
