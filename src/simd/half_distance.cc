#include "simd/half_distance.h"

#include <algorithm>
#include <bit>
#include <cstring>

// Vectors of unknown length cannot be kept in structs.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/half_distance.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#ifndef VECDB_SIMD_HALF_DISTANCE_ROUND_
#define VECDB_SIMD_HALF_DISTANCE_ROUND_
namespace vecdb::simd {

// The bits of the nearest float16. An integer min holds large values to 65504.
inline uint16_t RoundToHalf(float value) {
  constexpr uint32_t kLargest = 0x477fe000;         // 65504
  constexpr uint32_t kSmallestNormal = 0x38800000;  // 2^-14
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000;
  const uint32_t magnitude = std::min(bits & 0x7fffffff, kLargest);
  if (magnitude < kSmallestNormal) {
    // The steps of floats from 0.5 to 1 are those of denormal halves: the sum rounds as it should.
    const float sum = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(sum) - 0x3f000000));
  }
  const uint32_t odd = magnitude >> 13 & 1;
  const uint32_t rounded = magnitude + 0xfff + odd - (uint32_t{127 - 15} << 23);
  return static_cast<uint16_t>(sign | rounded >> 13);
}

}  // namespace vecdb::simd
#endif  // VECDB_SIMD_HALF_DISTANCE_ROUND_

HWY_BEFORE_NAMESPACE();
namespace vecdb::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;
constexpr size_t kLanes = hn::MaxLanes(Tag());
constexpr size_t kHalfBytes = 2;

struct HalfSquare {
  static HWY_INLINE Vector Add(Vector query, Vector row, Vector sum) {
    const Vector difference = hn::Sub(query, row);
    return hn::MulAdd(difference, difference, sum);
  }
};

struct HalfProduct {
  static HWY_INLINE Vector Add(Vector query, Vector row, Vector sum) {
    return hn::MulAdd(query, row, sum);
  }
};

// A row is bytes at any address, so it is loaded as bytes where there are vectors of them.
HWY_INLINE Vector LoadHalves(const uint8_t* halves) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
  hwy::float16_t aligned[kLanes];
  std::memcpy(aligned, halves, sizeof(aligned));
  return hn::PromoteTo(Tag(), hn::LoadU(hn::Rebind<hwy::float16_t, Tag>(), aligned));
#else
  const hn::Rebind<hwy::float16_t, Tag> half_tag;
  const hn::Repartition<uint8_t, decltype(half_tag)> byte_tag;
  return hn::PromoteTo(Tag(), hn::BitCast(half_tag, hn::LoadU(byte_tag, halves)));
#endif
}

// The first `count` values, the other lanes zero.
HWY_INLINE Vector LoadFewHalves(const uint8_t* halves, size_t count) {
  HWY_ALIGN uint8_t padded[kLanes * kHalfBytes] = {};
  std::memcpy(padded, halves, count * kHalfBytes);
  return LoadHalves(padded);
}

HWY_INLINE Vector LoadFewFloats(const float* values, size_t count) {
  HWY_ALIGN float padded[kLanes] = {};
  std::memcpy(padded, values, count * sizeof(float));
  return hn::Load(Tag(), padded);
}

// Adds the last dim % kLanes dimensions. Where there is room the last kLanes are loaded and those
// that were summed before are made zero, which takes less time than a copy.
template <class Op>
HWY_INLINE Vector AddHalfTail(const float* query, const uint8_t* row, size_t dim, Vector sum) {
  const size_t rest = dim % kLanes;
  if (rest == 0) return sum;
  if (dim < kLanes) return Op::Add(LoadFewFloats(query, dim), LoadFewHalves(row, dim), sum);
  const size_t at = dim - kLanes;
  const auto summed = hn::FirstN(Tag(), kLanes - rest);
  return Op::Add(hn::IfThenZeroElse(summed, hn::LoadU(Tag(), query + at)),
                 hn::IfThenZeroElse(summed, LoadHalves(row + at * kHalfBytes)), sum);
}

HWY_INLINE float ReduceHalfSums(Vector a, Vector b) {
  return hn::GetLane(hn::SumOfLanes(Tag(), hn::Add(a, b)));
}

// Two sums for each row: pairs of vectors into a and b, a single vector into a, the tail into b.
template <class Op>
HWY_INLINE void SumFourHalves(const float* query, const uint8_t* const* rows, size_t dim,
                              float* out) {
  const Tag tag;
  const uint8_t *row0 = rows[0], *row1 = rows[1], *row2 = rows[2], *row3 = rows[3];
  Vector a0 = hn::Zero(tag), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  size_t at = 0;
  for (; at + 2 * kLanes <= dim; at += 2 * kLanes) {
    const Vector query_a = hn::LoadU(tag, query + at);
    a0 = Op::Add(query_a, LoadHalves(row0 + at * kHalfBytes), a0);
    a1 = Op::Add(query_a, LoadHalves(row1 + at * kHalfBytes), a1);
    a2 = Op::Add(query_a, LoadHalves(row2 + at * kHalfBytes), a2);
    a3 = Op::Add(query_a, LoadHalves(row3 + at * kHalfBytes), a3);
    const Vector query_b = hn::LoadU(tag, query + at + kLanes);
    b0 = Op::Add(query_b, LoadHalves(row0 + (at + kLanes) * kHalfBytes), b0);
    b1 = Op::Add(query_b, LoadHalves(row1 + (at + kLanes) * kHalfBytes), b1);
    b2 = Op::Add(query_b, LoadHalves(row2 + (at + kLanes) * kHalfBytes), b2);
    b3 = Op::Add(query_b, LoadHalves(row3 + (at + kLanes) * kHalfBytes), b3);
  }
  if (at + kLanes <= dim) {
    const Vector query_a = hn::LoadU(tag, query + at);
    a0 = Op::Add(query_a, LoadHalves(row0 + at * kHalfBytes), a0);
    a1 = Op::Add(query_a, LoadHalves(row1 + at * kHalfBytes), a1);
    a2 = Op::Add(query_a, LoadHalves(row2 + at * kHalfBytes), a2);
    a3 = Op::Add(query_a, LoadHalves(row3 + at * kHalfBytes), a3);
  }
  out[0] = ReduceHalfSums(a0, AddHalfTail<Op>(query, row0, dim, b0));
  out[1] = ReduceHalfSums(a1, AddHalfTail<Op>(query, row1, dim, b1));
  out[2] = ReduceHalfSums(a2, AddHalfTail<Op>(query, row2, dim, b2));
  out[3] = ReduceHalfSums(a3, AddHalfTail<Op>(query, row3, dim, b3));
}

// Groups of four; the last group is filled up with its last row, so that every row is summed by the
// same code.
template <class Op>
void CompareHalves(const float* query, size_t dim, const CodeRows& rows, float* out) {
  for (size_t i = 0; i < rows.count; i += 4) {
    const size_t last = rows.count - 1;
    const uint8_t* const group[4] = {rows.row(i), rows.row(std::min(i + 1, last)),
                                     rows.row(std::min(i + 2, last)),
                                     rows.row(std::min(i + 3, last))};
    float sums[4];
    SumFourHalves<Op>(query, group, dim, sums);
    std::copy_n(sums, std::min<size_t>(4, rows.count - i), out + i);
  }
}

void FloatsToHalves(const float* values, size_t count, uint8_t* halves) {
  size_t i = 0;
#if HWY_TARGET <= HWY_AVX2
  const hn::Rebind<hwy::float16_t, Tag> half_tag;
  const hn::Repartition<uint8_t, decltype(half_tag)> byte_tag;
  const Vector most = hn::Set(Tag(), kMaxHalf), least = hn::Set(Tag(), -kMaxHalf);
  for (; i + kLanes <= count; i += kLanes) {
    const Vector held = hn::Clamp(hn::LoadU(Tag(), values + i), least, most);
    hn::StoreU(hn::BitCast(byte_tag, hn::DemoteTo(half_tag, held)), byte_tag,
               halves + i * kHalfBytes);
  }
#endif
  for (; i < count; ++i) {
    const uint16_t half = RoundToHalf(values[i]);
    std::memcpy(halves + i * kHalfBytes, &half, kHalfBytes);
  }
}

void HalvesToFloats(const uint8_t* halves, size_t count, float* values) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    hn::StoreU(LoadHalves(halves + i * kHalfBytes), Tag(), values + i);
  }
  if (i == count) return;
  HWY_ALIGN float last[kLanes];
  hn::Store(LoadFewHalves(halves + i * kHalfBytes, count - i), Tag(), last);
  std::copy_n(last, count - i, values + i);
}

const HalfKernels* HalfTable() {
  static constexpr HalfKernels kTable = {CompareHalves<HalfSquare>, CompareHalves<HalfProduct>,
                                         FloatsToHalves, HalvesToFloats};
  return &kTable;
}

}  // namespace HWY_NAMESPACE
}  // namespace vecdb::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vecdb::simd {
namespace {

HWY_EXPORT(HalfTable);

}  // namespace

const HalfKernels& BestHalfKernels() { return *HWY_DYNAMIC_DISPATCH(HalfTable)(); }

}  // namespace vecdb::simd
#endif  // HWY_ONCE
