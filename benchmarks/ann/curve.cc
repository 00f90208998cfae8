#include "ann/curve.h"

#include <algorithm>
#include <cmath>

namespace vecdb::bench {

std::vector<CurvePoint> ParetoFront(std::span<const CurvePoint> points) {
  std::vector<CurvePoint> sorted(points.begin(), points.end());
  std::sort(sorted.begin(), sorted.end(), [](const CurvePoint& a, const CurvePoint& b) {
    return a.recall != b.recall ? a.recall > b.recall : a.qps > b.qps;
  });
  std::vector<CurvePoint> front;
  for (const CurvePoint& point : sorted) {
    if (front.empty() || point.qps > front.back().qps) front.push_back(point);
  }
  std::reverse(front.begin(), front.end());
  return front;
}

std::optional<double> QpsAt(std::span<const CurvePoint> front, double recall) {
  const auto above = std::find_if(front.begin(), front.end(), [recall](const CurvePoint& point) {
    return point.recall >= recall;
  });
  if (above == front.end()) return std::nullopt;
  if (above == front.begin()) return above->qps;
  const CurvePoint& below = *(above - 1);
  const double share = (recall - below.recall) / (above->recall - below.recall);
  return std::exp((1 - share) * std::log(below.qps) + share * std::log(above->qps));
}

}  // namespace vecdb::bench
