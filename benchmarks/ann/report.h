#ifndef VECDB_BENCHMARKS_ANN_REPORT_H_
#define VECDB_BENCHMARKS_ANN_REPORT_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ann/measure.h"
#include "ann/options.h"
#include "ann/row_filter.h"
#include "data/dataset.h"

namespace vecdb::bench {

/// The first engine's QPS over another's at one recall; no ratio where one of them does not reach
/// it.
struct Ratio {
  std::string against{};
  double recall = 0;
  std::optional<double> qps_ratio{};
  bool is_below_a_curve = false;  ///< one of the curves begins at a higher recall
};

/// The first engine against each other, at each recall.
std::vector<Ratio> CompareEngines(std::span<const EngineResult> results,
                                  std::span<const double> recalls);

/// What was measured, and on what.
struct Report {
  const Options& options;
  const Dataset& dataset;
  std::span<const EngineResult> results;
  const RowFilter* filter = nullptr;  ///< nullptr when every row may be returned
};

/// Tables for people: what was built, and what was measured.
std::string BuildText(const Report& report);
std::string SearchText(const Report& report);

/// The same for programs; README.md describes the fields.
std::string JsonReport(const Report& report);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_REPORT_H_
