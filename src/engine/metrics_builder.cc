#include "engine/metrics_builder.h"

#include <cstddef>
#include <limits>

namespace vecdb::engine {

MetricFamily& MetricsBuilder::Family(std::string_view name, std::string_view help,
                                     MetricType type) {
  const auto found = families_.find(name);
  if (found != families_.end()) return found->second;
  return families_
      .emplace(name,
               MetricFamily{.name = std::string(name), .help = std::string(help), .type = type})
      .first->second;
}

void MetricsBuilder::Counter(std::string_view name, std::string_view help, Labels labels,
                             uint64_t value) {
  Family(name, help, MetricType::kCounter)
      .samples.push_back({.labels = std::move(labels), .value = static_cast<double>(value)});
}

void MetricsBuilder::Gauge(std::string_view name, std::string_view help, Labels labels,
                           double value) {
  Family(name, help, MetricType::kGauge)
      .samples.push_back({.labels = std::move(labels), .value = value});
}

void MetricsBuilder::Histogram(std::string_view name, std::string_view help, Labels labels,
                               const base::LatencyCounts& counts) {
  MetricSample sample{.labels = std::move(labels), .sum = counts.sum_seconds()};
  uint64_t so_far = 0;
  for (size_t i = 0; i < counts.buckets.size(); ++i) {
    so_far += counts.buckets[i];
    const double edge = i < base::LatencyCounts::kNumEdges
                            ? base::LatencyCounts::EdgeSeconds(i)
                            : std::numeric_limits<double>::infinity();
    sample.buckets.push_back({.upper_bound = edge, .cumulative_count = so_far});
  }
  Family(name, help, MetricType::kHistogram).samples.push_back(std::move(sample));
}

std::vector<MetricFamily> MetricsBuilder::Take() {
  std::vector<MetricFamily> families;
  for (auto& [name, family] : families_) families.push_back(std::move(family));
  families_.clear();
  return families;
}

}  // namespace vecdb::engine
