#include "codec/hadamard_rotation.h"

#include <bit>
#include <cmath>

#include "base/split_mix.h"

namespace vecdb::codec {
namespace {

constexpr size_t kWordDims = 64;

}  // namespace

HadamardRotation::HadamardRotation(size_t dim, uint64_t seed)
    : kernels_(simd::GetHadamardKernels()),
      dim_(dim),
      padded_dim_((dim + kWordDims - 1) / kWordDims * kWordDims),
      transformed_(std::bit_floor(padded_dim_)),
      factors_(kRounds * padded_dim_) {
  base::SplitMix random(seed);
  for (size_t round = 0; round < kRounds; ++round) {
    const double mix_scale = mixes(round) ? std::sqrt(0.5) : 1.0;
    const double transform_scale = mix_scale / std::sqrt(static_cast<double>(transformed_));
    float* const factors = factors_.data() + round * padded_dim_;
    uint64_t bits = 0;
    for (size_t i = 0; i < padded_dim_; ++i) {
      if (i % kWordDims == 0) bits = random.Next();
      const bool transforms = i - first(round) < transformed_;  // also false before first
      const double scale = transforms ? transform_scale : mix_scale;
      factors[i] = static_cast<float>(((bits >> (i % kWordDims)) & 1) == 0 ? scale : -scale);
    }
  }
}

void HadamardRotation::Rotate(float* values) const {
  for (size_t round = 0; round < kRounds; ++round) {
    kernels_.multiply(values, factors(round), padded_dim_, values);
    kernels_.transform(values + first(round), transformed_);
    if (mixes(round)) kernels_.butterfly(values, padded_dim_ / 2);
  }
}

// Each step is symmetric, so that the inverse is the same steps from the last to the first.
void HadamardRotation::RotateBack(float* values) const {
  for (size_t round = kRounds; round-- > 0;) {
    if (mixes(round)) kernels_.butterfly(values, padded_dim_ / 2);
    kernels_.transform(values + first(round), transformed_);
    kernels_.multiply(values, factors(round), padded_dim_, values);
  }
}

}  // namespace vecdb::codec
