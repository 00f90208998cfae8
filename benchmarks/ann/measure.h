#ifndef VECDB_BENCHMARKS_ANN_MEASURE_H_
#define VECDB_BENCHMARKS_ANN_MEASURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ann/engine.h"

namespace vecdb::bench {

/// One engine with one setting.
struct PointResult {
  std::string search{};
  double recall = 0;
  double qps = 0;       ///< queries per second of thread CPU time, times the threads
  double wall_qps = 0;  ///< queries per second that passed, in the same pass
  double p50_us = 0;    ///< wall time of a query, in the same pass
  double p99_us = 0;
  double page_reads = 0;  ///< of a disk, for a query
  double page_hits = 0;   ///< of pages that lay in memory
};

struct EngineResult {
  std::string name{};
  BuildReport build{};
  double resident_bytes =
      0;  ///< by how much the process grew in the first build, without rows held
  std::vector<PointResult> points{};  ///< in the order of the settings
};

struct NamedEngine {
  std::string name{};
  std::unique_ptr<Engine> engine{};
};

/// Builds all engines, in turn, as often as the options say, and keeps the fastest time of each.
absl::StatusOr<std::vector<EngineResult>> BuildAll(std::vector<NamedEngine>& engines,
                                                   const Dataset& dataset, const Options& options);

/// Lets the searches that follow return the rows of `filter` only, and makes their truth that of
/// the data set. Takes long with many queries.
absl::Status ApplyFilter(std::vector<NamedEngine>& engines, const RowFilter& filter,
                         const Options& options, Dataset* dataset);

/// Measures all engines at all settings and puts the points into `results`, in the place of others.
/// At each setting the engines take turns, a pass over all queries each, as often as the options
/// say; another engine begins each round; each engine's pass of the least CPU time counts. Recall
/// is taken in a pass before.
absl::Status MeasureAll(std::vector<NamedEngine>& engines, const Dataset& dataset,
                        const Options& options, std::vector<EngineResult>* results);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_MEASURE_H_
