#include <algorithm>

#include "ann/curve.h"
#include "ann/report.h"

namespace vecdb::bench {
namespace {

std::vector<CurvePoint> FrontOf(const EngineResult& result) {
  std::vector<CurvePoint> points;
  for (const PointResult& point : result.points) points.push_back({point.recall, point.qps});
  return ParetoFront(points);
}

}  // namespace

std::vector<Ratio> CompareEngines(std::span<const EngineResult> results,
                                  std::span<const double> recalls) {
  std::vector<Ratio> ratios;
  if (results.empty()) return ratios;
  const std::vector<CurvePoint> first = FrontOf(results.front());
  for (const EngineResult& other : results.subspan(1)) {
    const std::vector<CurvePoint> front = FrontOf(other);
    for (const double recall : recalls) {
      const std::optional<double> mine = QpsAt(first, recall);
      const std::optional<double> theirs = QpsAt(front, recall);
      Ratio ratio{.against = other.name, .recall = recall};
      if (mine && theirs) {
        ratio.qps_ratio = *mine / *theirs;
        ratio.is_below_a_curve = recall < std::max(first.front().recall, front.front().recall);
      }
      ratios.push_back(ratio);
    }
  }
  return ratios;
}

}  // namespace vecdb::bench
