#ifndef VECDB_CODEC_ROTATION_H_
#define VECDB_CODEC_ROTATION_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace vecdb::codec {

/// A dense orthogonal matrix that turns vectors. Immutable, thread-safe.
class Rotation {
 public:
  /// Turns nothing.
  Rotation() = default;

  /// `matrix` is orthogonal, dim * dim, row-major.
  Rotation(std::vector<float> matrix, size_t dim);

  bool is_identity() const { return matrix_.empty(); }
  std::span<const float> matrix() const { return matrix_; }

  /// Turns `count` rows; `out` does not overlap them.
  void Turn(const float* rows, size_t count, float* out) const;

  /// Turns them back.
  void TurnBack(const float* rows, size_t count, float* out) const;

  uint64_t memory_bytes() const {
    return (matrix_.size() + panels_.size() + back_panels_.size()) * sizeof(float);
  }

 private:
  std::vector<float> matrix_;
  size_t dim_ = 0;
  std::vector<float> panels_;
  std::vector<float> back_panels_;
};

/// Whether the rows of a dim x dim matrix have length 1 and right angles, to a thousandth.
bool IsOrthogonal(std::span<const float> matrix, size_t dim);

/// The orthogonal matrix nearest to `matrix` (dim x dim, row-major, finite): U V' of its singular
/// value decomposition. ResourceExhausted without memory.
absl::StatusOr<std::vector<float>> NearestOrthogonal(std::span<const float> matrix, size_t dim);

/// The principal axes of rows with the covariance `matrix` (dim x dim, symmetric): one a row, in
/// the order of falling variance, which goes to `variances`. ResourceExhausted without memory.
absl::StatusOr<std::vector<float>> PrincipalAxes(std::span<const float> matrix, size_t dim,
                                                 std::vector<float>* variances);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_ROTATION_H_
