#include "engine/metrics_builder.h"

#include <cstddef>
#include <limits>
#include <span>

namespace vecdb::engine {
namespace {

// The last one is without an edge.
std::vector<MetricBucket> CumulativeBuckets(std::span<const uint64_t> counts,
                                            double (*edge_of)(size_t)) {
  std::vector<MetricBucket> buckets;
  uint64_t so_far = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    so_far += counts[i];
    const bool is_last = i + 1 == counts.size();
    const double edge = is_last ? std::numeric_limits<double>::infinity() : edge_of(i);
    buckets.push_back({.upper_bound = edge, .cumulative_count = so_far});
  }
  return buckets;
}

}  // namespace

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
  Family(name, help, MetricType::kHistogram)
      .samples.push_back(
          {.labels = std::move(labels),
           .buckets = CumulativeBuckets(counts.buckets, base::LatencyCounts::EdgeSeconds),
           .sum = counts.sum_seconds()});
}

void MetricsBuilder::Histogram(std::string_view name, std::string_view help, Labels labels,
                               const base::CountBuckets& counts) {
  Family(name, help, MetricType::kHistogram)
      .samples.push_back({.labels = std::move(labels),
                          .buckets = CumulativeBuckets(counts.buckets, base::CountBuckets::Edge),
                          .sum = static_cast<double>(counts.sum)});
}

std::vector<MetricFamily> MetricsBuilder::Take() {
  std::vector<MetricFamily> families;
  for (auto& [name, family] : families_) families.push_back(std::move(family));
  families_.clear();
  return families;
}

}  // namespace vecdb::engine
