#ifndef VECDB_METRICS_H_
#define VECDB_METRICS_H_

/// What a database counts, for a host that keeps an eye on it: Database::CollectMetrics as values,
/// Database::MetricsText as a page for Prometheus. docs/metrics.md lists all of them. The component
/// `vecdb::metrics` (vecdb/prometheus.h) hands them to prometheus-cpp.
///
/// Everything is of one database: there is no registry of the process, and two databases in it
/// count apart. Counting takes no lock; collecting takes those that Collection::Describe takes.

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace vecdb {

enum class MetricType : int32_t {
  kCounter = 0,    ///< only grows, from 0 at the opening of the database
  kGauge = 1,      ///< how much there is now
  kHistogram = 2,  ///< how many were at most so long, for a row of durations
};

/// How many were at most `upper_bound`.
struct MetricBucket {
  double upper_bound = 0;  ///< the last one is infinity
  uint64_t cumulative_count = 0;

  friend bool operator==(const MetricBucket&, const MetricBucket&) = default;
};

/// One figure of a family, told apart from its others by labels.
struct MetricSample {
  std::vector<std::pair<std::string, std::string>> labels{};  ///< name and value
  double value = 0;                                           ///< of a counter or a gauge
  std::vector<MetricBucket> buckets{};                        ///< of a histogram, ascending
  double sum = 0;                                             ///< of a histogram

  /// Of a histogram: how many there were.
  uint64_t count() const { return buckets.empty() ? 0 : buckets.back().cumulative_count; }

  friend bool operator==(const MetricSample&, const MetricSample&) = default;
};

/// All figures of one name.
struct MetricFamily {
  std::string name{};
  std::string help{};
  MetricType type = MetricType::kGauge;
  std::vector<MetricSample> samples{};

  friend bool operator==(const MetricFamily&, const MetricFamily&) = default;
};

/// Families in the text format of Prometheus, version 0.0.4 (content type
/// `text/plain; version=0.0.4`), in the order given.
std::string MetricsText(std::span<const MetricFamily> families);

}  // namespace vecdb

#endif  // VECDB_METRICS_H_
