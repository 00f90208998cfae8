#include "codec/centroids.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "codec/held.h"
#include "codec/mean_row.h"

namespace vecdb::codec {
namespace {

constexpr size_t kAssignedTogether = 96;

void SubtractOrigin(const float* row, const std::vector<float>& origin, float* out) {
  for (size_t d = 0; d < origin.size(); ++d) out[d] = HeldDifference(row[d], origin[d]);
}

// What is no number, because it was beyond float, is far.
float NotBelowZero(float distance) {
  if (distance != distance) return std::numeric_limits<float>::infinity();
  return std::max(0.0f, distance);
}

}  // namespace

float SquaredNorm(const float* vector, size_t dim) {
  double sum = 0;
  for (size_t d = 0; d < dim; ++d) {
    sum += static_cast<double>(vector[d]) * static_cast<double>(vector[d]);
  }
  return HeldToFloat(sum);
}

Centroids::Centroids(std::vector<float> vectors, size_t dim, Nearness nearness,
                     std::vector<float> origin)
    : vectors_(std::move(vectors)), dim_(dim), nearness_(nearness) {
  if (nearness == Nearness::kL2) origin_ = std::move(origin);
  std::vector<float> moved = vectors_;
  if (!origin_.empty()) {
    for (size_t i = 0; i < count(); ++i) SubtractOrigin(vector(i), origin_, &moved[i * dim]);
  }
  panels_.resize(simd::PanelFloats(count(), dim));
  simd::PackPanels(moved.data(), count(), dim, panels_.data());
  biases_.assign(simd::PanelVectors(count()), std::numeric_limits<float>::infinity());
  for (size_t i = 0; i < count(); ++i) {
    biases_[i] = nearness == Nearness::kL2 ? SquaredNorm(&moved[i * dim], dim) / 2 : 0;
  }
}

Centroids Centroids::Centred(std::vector<float> vectors, size_t dim, Nearness nearness) {
  std::vector<float> mean = MeanRow({vectors.data(), dim, vectors.size() / dim}, dim);
  return Centroids(std::move(vectors), dim, nearness, std::move(mean));
}

void Centroids::Assign(const simd::FloatRows& rows, uint32_t* nearest, float* distances) const {
  std::vector<float> moved(origin_.empty() ? 0 : kAssignedTogether * dim_);
  float least[kAssignedTogether];
  for (size_t begin = 0; begin < rows.count; begin += kAssignedTogether) {
    simd::FloatRows part{rows.rows + begin * rows.stride, rows.stride,
                         std::min(kAssignedTogether, rows.count - begin)};
    if (!origin_.empty()) {
      for (size_t i = 0; i < part.count; ++i) {
        SubtractOrigin(part.rows + i * part.stride, origin_, &moved[i * dim_]);
      }
      part = {moved.data(), dim_, part.count};
    }
    simd::PanelNearest(part, panels(), biases_.data(), nearest + begin, least);
    if (distances == nullptr) continue;
    for (size_t i = 0; i < part.count; ++i) {
      distances[begin + i] =
          nearness_ == Nearness::kDot
              ? least[i]
              : NotBelowZero(SquaredNorm(part.rows + i * part.stride, dim_) + 2 * least[i]);
    }
  }
}

void Centroids::Compare(const float* row, float* distances) const {
  simd::FloatRows rows{row, dim_, 1};
  std::vector<float> moved(origin_.size());
  if (!origin_.empty()) {
    SubtractOrigin(row, origin_, moved.data());
    rows.rows = moved.data();
  }
  simd::PanelDots(rows, panels(), distances);
  const float norm = nearness_ == Nearness::kL2 ? SquaredNorm(rows.rows, dim_) : 0;
  for (size_t i = 0; i < count(); ++i) {
    distances[i] = nearness_ == Nearness::kL2 ? NotBelowZero(norm + 2 * (biases_[i] - distances[i]))
                                              : 0 - distances[i];
  }
}

double Centroids::OriginDot(const float* row) const {
  double sum = 0;
  for (size_t d = 0; d < origin_.size(); ++d) {
    sum += static_cast<double>(row[d]) * static_cast<double>(origin_[d]);
  }
  return sum;
}

void Centroids::Dots(const float* row, float* dots) const {
  simd::PanelDots({row, dim_, 1}, panels(), dots);
  if (origin_.empty()) return;
  const auto rest = static_cast<float>(OriginDot(row));
  for (size_t i = 0; i < count(); ++i) dots[i] += rest;
}

}  // namespace vecdb::codec
