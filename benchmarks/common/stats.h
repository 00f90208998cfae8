#ifndef VECDB_BENCHMARKS_COMMON_STATS_H_
#define VECDB_BENCHMARKS_COMMON_STATS_H_

#include <vector>

namespace vecdb::bench {

/// The smallest value that at least `share` (0 to 1) of the values do not exceed; 0 without values.
double Percentile(std::vector<double> values, double share);

/// Percentile(values, 0.5).
double Median(std::vector<double> values);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_COMMON_STATS_H_
