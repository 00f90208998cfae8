#ifndef VECDB_CODEC_CENTROIDS_H_
#define VECDB_CODEC_CENTROIDS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "simd/panels.h"

namespace vecdb::codec {

/// What the nearest centroid is.
enum class Nearness {
  kL2,   ///< of the least Euclidean distance
  kDot,  ///< of the greatest dot product
};

/// Vectors of which the nearest to many rows is looked for. Immutable once made, thread-safe.
class Centroids {
 public:
  Centroids() = default;

  /// `vectors` holds whole vectors of `dim` finite floats, at least one. Distances are computed
  /// from `origin`, dim floats or none, so that vectors far from zero lose no digits; it matters to
  /// kL2 alone.
  Centroids(std::vector<float> vectors, size_t dim, Nearness nearness,
            std::vector<float> origin = {});

  /// With their mean as the origin.
  static Centroids Centred(std::vector<float> vectors, size_t dim, Nearness nearness);

  size_t count() const { return dim_ == 0 ? 0 : vectors_.size() / dim_; }
  size_t dim() const { return dim_; }
  std::span<const float> vectors() const { return vectors_; }
  std::vector<float> TakeVectors() && { return std::move(vectors_); }
  const float* vector(size_t i) const { return vectors_.data() + i * dim_; }

  /// The nearest centroid of each row, the first of equals, and, unless `distances` is nullptr, the
  /// squared distance (kL2) or the negated dot product (kDot) to it. Good for choosing, not for
  /// scores: the last digits differ from those of simd::DistanceKernels.
  void Assign(const simd::FloatRows& rows, uint32_t* nearest, float* distances) const;

  /// The squared distances, or negated dot products, of one row of `dim` floats to all centroids.
  void Compare(const float* row, float* distances) const;

  /// The dot products with one row.
  void Dots(const float* row, float* dots) const;

  uint64_t memory_bytes() const {
    return (vectors_.size() + origin_.size() + panels_.size() + biases_.size()) * sizeof(float);
  }

 private:
  double OriginDot(const float* row) const;
  simd::PanelView panels() const { return {panels_.data(), count(), dim_}; }

  std::vector<float> vectors_;
  size_t dim_ = 0;
  Nearness nearness_ = Nearness::kL2;
  std::vector<float> origin_;
  std::vector<float> panels_;
  std::vector<float> biases_;
};

/// The squared length, summed in double.
float SquaredNorm(const float* vector, size_t dim);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_CENTROIDS_H_
