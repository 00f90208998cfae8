#include "simd/row_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vecdb::simd {
namespace {

constexpr size_t kLanes = 8;

// Eight sums side by side, so that the compiler may use vectors without changing the order.
double DotInDouble(const float* a, const float* b, size_t dim) {
  double sums[kLanes] = {};
  size_t at = 0;
  for (; at + kLanes <= dim; at += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += static_cast<double>(a[at + lane]) * static_cast<double>(b[at + lane]);
    }
  }
  for (size_t lane = 0; at < dim; ++at, ++lane) {
    sums[lane] += static_cast<double>(a[at]) * static_cast<double>(b[at]);
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace

float InverseNorm(const float* row, size_t dim) {
  const double square = DotInDouble(row, row, dim);
  if (square == 0) return 0;
  const double inverse = 1.0 / std::sqrt(square);
  constexpr double kMin = std::numeric_limits<float>::min();
  constexpr double kMax = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(inverse, kMin, kMax));
}

float CosineInDouble(const float* a, const float* b, size_t dim) {
  const double norms = std::sqrt(DotInDouble(a, a, dim)) * std::sqrt(DotInDouble(b, b, dim));
  return norms == 0 ? 0.0f : static_cast<float>(DotInDouble(a, b, dim) / norms);
}

}  // namespace vecdb::simd
