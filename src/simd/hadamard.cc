#include "simd/hadamard.h"

#include <cstdint>

// Vectors of unknown length cannot be kept in arrays.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/hadamard.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace vecdb::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;
using Indices = decltype(hn::IndicesFromVec(Tag(), hn::Zero(hn::RebindToSigned<Tag>())));
constexpr size_t kLanes = hn::MaxLanes(Tag());
static_assert(kLanes == 1 || kLanes == 4 || kLanes == 8 || kLanes == 16);

void MultiplyKernel(const float* a, const float* b, size_t size, float* out) {
  const Tag tag;
  for (size_t i = 0; i < size; i += kLanes) {
    hn::StoreU(hn::Mul(hn::LoadU(tag, a + i), hn::LoadU(tag, b + i)), tag, out + i);
  }
}

void ButterflyKernel(float* values, size_t half) {
  const Tag tag;
  for (size_t i = 0; i < half; i += kLanes) {
    const Vector a = hn::LoadU(tag, values + i);
    const Vector b = hn::LoadU(tag, values + half + i);
    hn::StoreU(hn::Add(a, b), tag, values + i);
    hn::StoreU(hn::Sub(a, b), tag, values + half + i);
  }
}

// Butterflies between lanes `stride` apart: a lane whose partner is ahead gives a + b, the other
// one a - b, as b + a and (-b) + a.
struct LaneStage {
  explicit LaneStage(size_t stride) {
    HWY_ALIGN int32_t partner[kLanes];
    HWY_ALIGN float sign[kLanes];
    for (size_t i = 0; i < kLanes; ++i) {
      partner[i] = static_cast<int32_t>(i ^ stride);
      sign[i] = (i & stride) == 0 ? 0.0f : -0.0f;
    }
    partners = hn::SetTableIndices(Tag(), partner);
    signs = hn::Load(Tag(), sign);
  }
  HWY_INLINE Vector Apply(Vector v) const {
    return hn::Add(hn::TableLookupLanes(v, partners), hn::Xor(v, signs));
  }
  Indices partners;
  Vector signs;
};

// The stages of strides below kLanes, the smallest first.
void TransformLanes(float* values, size_t size) {
  const Tag tag;
  const LaneStage one(1), two(2), four(4 % kLanes), eight(8 % kLanes);
  for (size_t i = 0; i < size; i += kLanes) {
    Vector v = two.Apply(one.Apply(hn::LoadU(tag, values + i)));
    if constexpr (kLanes > 4) v = four.Apply(v);
    if constexpr (kLanes > 8) v = eight.Apply(v);
    hn::StoreU(v, tag, values + i);
  }
}

void TransformKernel(float* values, size_t size) {
  if constexpr (kLanes > 1) TransformLanes(values, size);
  for (size_t stride = kLanes; stride < size; stride *= 2) {
    for (size_t i = 0; i < size; i += 2 * stride) ButterflyKernel(values + i, stride);
  }
}

const HadamardKernels* Kernels() {
  static constexpr HadamardKernels kTable = {MultiplyKernel, TransformKernel, ButterflyKernel};
  return &kTable;
}

}  // namespace HWY_NAMESPACE
}  // namespace vecdb::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vecdb::simd {
namespace {

HWY_EXPORT(Kernels);

}  // namespace

const HadamardKernels& GetHadamardKernels() { return *HWY_DYNAMIC_DISPATCH(Kernels)(); }

}  // namespace vecdb::simd
#endif  // HWY_ONCE
