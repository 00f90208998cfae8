#include "simd/bit_dot.h"

#include <cstring>

// With vpopcntq, where the CPU has it, a word takes a third of the instructions.
#define HWY_WANT_AVX3_DL
// Vectors of unknown length cannot be kept in arrays.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/bit_dot.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace vecdb::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<uint64_t, kBitQueryPlanes>;
using Vector = hn::Vec<Tag>;
constexpr size_t kLanes = hn::MaxLanes(Tag());

// A lane counts for one plane of the query, so that a word of a row meets all planes of the query
// in kParts vectors, and no row has a tail. Four vectors of counts, of as many rows as that makes,
// are summed at a time. They have names, because gcc keeps arrays of vectors in memory.
constexpr size_t kParts = kBitQueryPlanes / kLanes;
constexpr size_t kRowGroup = kParts <= 4 ? 4 / kParts : 1;
constexpr size_t RowOf(size_t i) { return i / kParts; }
constexpr size_t PartOf(size_t i) { return i % kParts; }

HWY_INLINE Vector BroadcastWord(const uint8_t* word) {
  uint64_t bits;
  std::memcpy(&bits, word, sizeof(bits));
  return hn::Set(Tag(), bits);
}

// Adds to `count` what the query's word has in common with the row's, plane by plane.
HWY_INLINE void AddCount(const uint64_t* query, const uint8_t* row, Vector& count) {
  const Vector both = hn::And(hn::LoadU(Tag(), query), BroadcastWord(row));
  count = hn::Add(count, hn::PopulationCount(both));
}

// Lane by lane, the counts of the query's planes from `part` on times what the planes stand for.
HWY_INLINE Vector Weigh(Vector count, size_t part) {
  const Tag tag;
  const Vector bit = hn::Iota(tag, static_cast<uint64_t>(part * kLanes));
  const Vector last = hn::Set(tag, uint64_t{kBitQueryPlanes - 1});
  const Vector negate = hn::VecFromMask(tag, hn::Eq(bit, last));
  return hn::Sub(hn::Xor(hn::Shl(count, bit), negate), negate);
}

HWY_INLINE int64_t SumWeighed(Vector count, size_t part) {
  return static_cast<int64_t>(hn::GetLane(hn::SumOfLanes(Tag(), Weigh(count, part))));
}

// Of rows `first` to `first` + kRows - 1, at most kRowGroup: adds to `out` what the four vectors of
// the query's planes from `part` on contribute.
template <size_t kRows>
HWY_INLINE void AddRows(const BitQuery& query, size_t part, size_t planes, const CodeRows& rows,
                        size_t first, int64_t* out) {
  constexpr bool kB = RowOf(1) < kRows, kC = RowOf(2) < kRows, kD = RowOf(3) < kRows;
  const uint8_t* const row_a = rows.row(first);
  const uint8_t* const row_b = kB ? rows.row(first + RowOf(1)) : nullptr;
  const uint8_t* const row_c = kC ? rows.row(first + RowOf(2)) : nullptr;
  const uint8_t* const row_d = kD ? rows.row(first + RowOf(3)) : nullptr;
  Vector a = hn::Zero(Tag()), b = a, c = a, d = a;
  const uint64_t* const begin = query.bits + part * kLanes;
  const uint64_t* const end = begin + query.words * kBitQueryPlanes;
  size_t offset = 0;
  for (size_t plane = 0; plane < planes; ++plane) {
    a = hn::Add(a, a);
    if constexpr (kB) b = hn::Add(b, b);
    if constexpr (kC) c = hn::Add(c, c);
    if constexpr (kD) d = hn::Add(d, d);
    for (const uint64_t* q = begin; q != end; q += kBitQueryPlanes, offset += sizeof(*q)) {
      AddCount(q + PartOf(0) * kLanes, row_a + offset, a);
      if constexpr (kB) AddCount(q + PartOf(1) * kLanes, row_b + offset, b);
      if constexpr (kC) AddCount(q + PartOf(2) * kLanes, row_c + offset, c);
      if constexpr (kD) AddCount(q + PartOf(3) * kLanes, row_d + offset, d);
    }
  }
  out[0] += SumWeighed(a, part + PartOf(0));
  if constexpr (kB) out[RowOf(1)] += SumWeighed(b, part + PartOf(1));
  if constexpr (kC) out[RowOf(2)] += SumWeighed(c, part + PartOf(2));
  if constexpr (kD) out[RowOf(3)] += SumWeighed(d, part + PartOf(3));
}

template <size_t kRows>
HWY_INLINE void DotRows(const BitQuery& query, size_t planes, const CodeRows& rows, size_t first,
                        int64_t* out) {
  int64_t sums[kRows] = {};
  for (size_t part = 0; part < kParts; part += 4) {
    AddRows<kRows>(query, part, planes, rows, first, sums);
  }
  std::memcpy(out, sums, sizeof(sums));
}

void BitDotKernel(const BitQuery& query, size_t planes, const CodeRows& rows, int64_t* out) {
  size_t i = 0;
  for (; i + kRowGroup <= rows.count; i += kRowGroup) {
    DotRows<kRowGroup>(query, planes, rows, i, out + i);
  }
  for (; i < rows.count; ++i) DotRows<1>(query, planes, rows, i, out + i);
}

BitDot Kernel() { return BitDotKernel; }

// Takes the sign bit of all numbers of a vector at a time, and moves the next bit there.
void SplitBitsKernel(const uint8_t* numbers, size_t words, uint64_t* bits) {
  const hn::CappedTag<int8_t, 64> tag;
  constexpr size_t kNumbers = hn::MaxLanes(hn::CappedTag<int8_t, 64>());
  const auto zero = hn::Zero(tag);
  for (size_t i = 0; i < words * 64; i += kNumbers) {
    auto v = hn::LoadU(tag, reinterpret_cast<const int8_t*>(numbers) + i);
    for (size_t bit = kBitQueryPlanes; bit-- > 0; v = hn::Add(v, v)) {
      uint64_t found = 0;
      hn::StoreMaskBits(tag, hn::Lt(v, zero), reinterpret_cast<uint8_t*>(&found));
      uint64_t& word = bits[i / 64 * kBitQueryPlanes + bit];
      word = (i % 64 == 0 ? 0 : word) | found << (i % 64);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vecdb::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vecdb::simd {
namespace {

HWY_EXPORT(Kernel);
HWY_EXPORT(SplitBitsKernel);

}  // namespace

void SplitBits(const uint8_t* numbers, size_t words, uint64_t* bits) {
  HWY_DYNAMIC_DISPATCH(SplitBitsKernel)(numbers, words, bits);
}

BitDot GetBitDot() { return HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace vecdb::simd
#endif  // HWY_ONCE
