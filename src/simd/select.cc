#include "simd/select.h"

#include <bit>
#include <type_traits>

// Vectors of unknown length have no mask of a known number of bits.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/select.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#ifndef VECDB_SIMD_SELECT_TABLE_
#define VECDB_SIMD_SELECT_TABLE_
namespace vecdb::simd {

template <typename T>
using Select = void (*)(const T* values, size_t count, T low, T high, uint64_t* words);

struct SelectKernels {
  Select<int8_t> i8;
  Select<int16_t> i16;
  Select<int32_t> i32;
  Select<int64_t> i64;
  Select<uint8_t> u8;
  Select<uint16_t> u16;
  Select<float> f32;
  Select<double> f64;
  uint64_t (*count)(const uint64_t* words, size_t count);
};

}  // namespace vecdb::simd
#endif  // VECDB_SIMD_SELECT_TABLE_

HWY_BEFORE_NAMESPACE();
namespace vecdb::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kWordBits = 64;

template <typename T>
HWY_INLINE uint64_t ScalarBits(const T* values, size_t count, T low, T high) {
  uint64_t bits = 0;
  for (size_t i = 0; i < count; ++i) {
    bits |= uint64_t{low <= values[i] && values[i] <= high} << i;
  }
  return bits;
}

template <typename T>
void InRangeKernel(const T* values, size_t count, T low, T high, uint64_t* words) {
  const hn::ScalableTag<T> tag;
  constexpr size_t kLanes = hn::MaxLanes(hn::ScalableTag<T>());
  static_assert(kWordBits % kLanes == 0);
  const auto least = hn::Set(tag, low);
  const auto greatest = hn::Set(tag, high);
  size_t at = 0;
  for (; at + kWordBits <= count; at += kWordBits) {
    uint64_t word = 0;
    for (size_t lane = 0; lane < kWordBits; lane += kLanes) {
      const auto value = hn::LoadU(tag, values + at + lane);
      uint64_t bits = 0;
      if constexpr (std::is_floating_point_v<T>) {
        const auto inside = hn::And(hn::Ge(value, least), hn::Le(value, greatest));
        hn::StoreMaskBits(tag, inside, reinterpret_cast<uint8_t*>(&bits));
      } else {
        // Integers have < at every instruction set, <= at few.
        const auto outside = hn::Or(hn::Lt(value, least), hn::Lt(greatest, value));
        hn::StoreMaskBits(tag, outside, reinterpret_cast<uint8_t*>(&bits));
      }
      word |= bits << lane;
    }
    words[at / kWordBits] = std::is_floating_point_v<T> ? word : ~word;
  }
  if (at < count) words[at / kWordBits] = ScalarBits(values + at, count - at, low, high);
}

uint64_t CountKernel(const uint64_t* words, size_t count) {
  const hn::ScalableTag<uint64_t> tag;
  constexpr size_t kLanes = hn::MaxLanes(hn::ScalableTag<uint64_t>());
  auto sums = hn::Zero(tag);
  size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    sums = hn::Add(sums, hn::PopulationCount(hn::LoadU(tag, words + at)));
  }
  uint64_t sum = hn::GetLane(hn::SumOfLanes(tag, sums));
  for (; at < count; ++at) sum += static_cast<uint64_t>(std::popcount(words[at]));
  return sum;
}

const SelectKernels* SelectTable() {
  static constexpr SelectKernels kTable = {
      InRangeKernel<int8_t>,  InRangeKernel<int16_t>, InRangeKernel<int32_t>,
      InRangeKernel<int64_t>, InRangeKernel<uint8_t>, InRangeKernel<uint16_t>,
      InRangeKernel<float>,   InRangeKernel<double>,  CountKernel};
  return &kTable;
}

}  // namespace HWY_NAMESPACE
}  // namespace vecdb::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vecdb::simd {
namespace {

HWY_EXPORT(SelectTable);

}  // namespace

template <typename T>
void InRange(const T* values, size_t count, T low, T high, uint64_t* words) {
  const SelectKernels& kernels = *HWY_DYNAMIC_DISPATCH(SelectTable)();
  if constexpr (std::is_same_v<T, int8_t>) kernels.i8(values, count, low, high, words);
  if constexpr (std::is_same_v<T, int16_t>) kernels.i16(values, count, low, high, words);
  if constexpr (std::is_same_v<T, int32_t>) kernels.i32(values, count, low, high, words);
  if constexpr (std::is_same_v<T, int64_t>) kernels.i64(values, count, low, high, words);
  if constexpr (std::is_same_v<T, uint8_t>) kernels.u8(values, count, low, high, words);
  if constexpr (std::is_same_v<T, uint16_t>) kernels.u16(values, count, low, high, words);
  if constexpr (std::is_same_v<T, float>) kernels.f32(values, count, low, high, words);
  if constexpr (std::is_same_v<T, double>) kernels.f64(values, count, low, high, words);
}

uint64_t CountBits(const uint64_t* words, size_t count) {
  return HWY_DYNAMIC_DISPATCH(SelectTable)()->count(words, count);
}

template void InRange(const int8_t*, size_t, int8_t, int8_t, uint64_t*);
template void InRange(const int16_t*, size_t, int16_t, int16_t, uint64_t*);
template void InRange(const int32_t*, size_t, int32_t, int32_t, uint64_t*);
template void InRange(const int64_t*, size_t, int64_t, int64_t, uint64_t*);
template void InRange(const uint8_t*, size_t, uint8_t, uint8_t, uint64_t*);
template void InRange(const uint16_t*, size_t, uint16_t, uint16_t, uint64_t*);
template void InRange(const float*, size_t, float, float, uint64_t*);
template void InRange(const double*, size_t, double, double, uint64_t*);

}  // namespace vecdb::simd
#endif  // HWY_ONCE
