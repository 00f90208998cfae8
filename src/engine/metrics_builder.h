#ifndef VECDB_ENGINE_METRICS_BUILDER_H_
#define VECDB_ENGINE_METRICS_BUILDER_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/count_histogram.h"
#include "base/latency_histogram.h"
#include "vecdb/metrics.h"

namespace vecdb::engine {

/// Gathers figures into families. For one thread.
class MetricsBuilder {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  void Counter(std::string_view name, std::string_view help, Labels labels, uint64_t value);
  void Gauge(std::string_view name, std::string_view help, Labels labels, double value);
  /// In seconds.
  void Histogram(std::string_view name, std::string_view help, Labels labels,
                 const base::LatencyCounts& counts);
  /// Of counts.
  void Histogram(std::string_view name, std::string_view help, Labels labels,
                 const base::CountBuckets& counts);

  /// The families by name, figures in the order in which they came.
  std::vector<MetricFamily> Take();

 private:
  MetricFamily& Family(std::string_view name, std::string_view help, MetricType type);

  std::map<std::string, MetricFamily, std::less<>> families_;
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_METRICS_BUILDER_H_
