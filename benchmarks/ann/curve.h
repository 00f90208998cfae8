#ifndef VECDB_BENCHMARKS_ANN_CURVE_H_
#define VECDB_BENCHMARKS_ANN_CURVE_H_

#include <optional>
#include <span>
#include <vector>

namespace vecdb::bench {

struct CurvePoint {
  double recall = 0;
  double qps = 0;

  friend bool operator==(const CurvePoint&, const CurvePoint&) = default;
};

/// The points that no other beats in one measure and at least equals in the other, by rising recall
/// and hence falling QPS.
std::vector<CurvePoint> ParetoFront(std::span<const CurvePoint> points);

/// The best QPS at `recall` or above: between two points of a front on the line of log QPS over
/// recall, below its lowest recall that point's QPS, above its highest nothing.
std::optional<double> QpsAt(std::span<const CurvePoint> front, double recall);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_CURVE_H_
