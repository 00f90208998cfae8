#ifndef VECDB_CODEC_HADAMARD_ROTATION_H_
#define VECDB_CODEC_HADAMARD_ROTATION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simd/hadamard.h"

namespace vecdb::codec {

/// A random orthogonal map that takes O(d log d): for codes that need the parts of a vector to be
/// alike, whatever the data.
///
/// Four rounds, each of which flips signs at random and transforms (Walsh-Hadamard) as many
/// dimensions as the largest power of two has, the leading and the trailing ones in turn; between
/// the second and the third, the halves of all are mixed (a step of Kac's walk). Vectors are padded
/// with zeros to a multiple of 64 dimensions; a power of two needs no mixing. After the rotation of
/// RaBitQ's library (Gao et al. 2025), which mixes in every round: that leaves some unit vectors in
/// few dimensions (of 832 or 1984, the fourth moment is up to 14 or 27, of the normal distribution
/// 3; here up to 4).
///
/// Lengths and dot products are kept up to rounding. The same bits for the same seed, on every
/// instruction set. Immutable, thread-safe.
class HadamardRotation {
 public:
  /// `dim` is at least 1.
  HadamardRotation(size_t dim, uint64_t seed);

  size_t dim() const { return dim_; }
  size_t padded_dim() const { return padded_dim_; }
  uint64_t memory_bytes() const { return factors_.size() * sizeof(float); }

  /// Rotates padded_dim values in place, of which those behind dim are 0.
  void Rotate(float* values) const;

  /// Takes Rotate back, of padded_dim values in place; those behind dim become 0, or nearly so.
  void RotateBack(float* values) const;

 private:
  static constexpr size_t kRounds = 4;
  static constexpr size_t kMixedRound = 1;

  const float* factors(size_t round) const { return factors_.data() + round * padded_dim_; }
  // Where the dimensions begin that the round transforms.
  size_t first(size_t round) const { return round % 2 == 0 ? 0 : padded_dim_ - transformed_; }
  bool mixes(size_t round) const { return round == kMixedRound && transformed_ < padded_dim_; }

  const simd::HadamardKernels& kernels_;
  const size_t dim_;
  const size_t padded_dim_;
  const size_t transformed_;  // the largest power of two within padded_dim_
  // For each round and dimension the sign, times what keeps the length: transform and mixing are
  // sums alone.
  std::vector<float> factors_;
};

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_HADAMARD_ROTATION_H_
