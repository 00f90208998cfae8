#include "data/distance.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace vecdb::bench {
namespace {

// Independent sums, so that the compiler may use vector registers without reordering any of them.
constexpr size_t kLanes = 8;

template <typename Term>
double Sum(std::span<const float> a, std::span<const float> b, Term term) {
  std::array<double, kLanes> sums{};
  size_t i = 0;
  for (; i + kLanes <= a.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += term(a[i + lane], b[i + lane]);
  }
  for (; i < a.size(); ++i) sums[0] += term(a[i], b[i]);
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

double Dot(std::span<const float> a, std::span<const float> b) {
  return Sum(a, b, [](double x, double y) { return x * y; });
}

double SquaredL2(std::span<const float> a, std::span<const float> b) {
  return Sum(a, b, [](double x, double y) { return (x - y) * (x - y); });
}

}  // namespace

double ExactDistance(Metric metric, std::span<const float> a, std::span<const float> b) {
  switch (metric) {
    case Metric::kL2:
      return SquaredL2(a, b);
    case Metric::kIp:
      return -Dot(a, b);
    case Metric::kCosine: {
      const double lengths = std::sqrt(Dot(a, a) * Dot(b, b));
      return lengths > 0 ? 1 - Dot(a, b) / lengths : 1;
    }
  }
  return 0;
}

double DistanceTolerance(Metric metric, std::span<const float> a, std::span<const float> b) {
  constexpr double kUnits = 4 * double{std::numeric_limits<float>::epsilon()};
  switch (metric) {
    case Metric::kL2:
      return kUnits * SquaredL2(a, b);
    case Metric::kIp:
      return kUnits * std::sqrt(Dot(a, a) * Dot(b, b));
    case Metric::kCosine:
      return kUnits;
  }
  return 0;
}

}  // namespace vecdb::bench
