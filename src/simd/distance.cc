#include "simd/distance.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/prefetch.h"

// Vectors of unknown length cannot be kept in structs.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/distance.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace vecdb::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;
constexpr size_t kLanes = hn::MaxLanes(Tag());
static_assert(kBlockDims % (4 * kLanes) == 0);

// Sums kept side by side for each row: as many as leave registers for four rows at a time.
// Instruction sets with 32 registers keep four, those with 16 two.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr size_t kSums = 4;
#else
constexpr size_t kSums = 2;
#endif

struct SquaredDifference {
  static HWY_INLINE Vector Add(Vector query, Vector row, Vector sum) {
    const Vector difference = hn::Sub(query, row);
    return hn::MulAdd(difference, difference, sum);
  }
  static HWY_INLINE float Distance(float sum) { return sum; }
  static constexpr bool kGrows = true;
};

struct Product {
  static HWY_INLINE Vector Add(Vector query, Vector row, Vector sum) {
    return hn::MulAdd(query, row, sum);
  }
  static HWY_INLINE float Distance(float sum) { return -sum; }
  static constexpr bool kGrows = false;
};

// The first `count` lanes at `values`, the others zero.
HWY_INLINE Vector LoadTail(const float* values, size_t count) {
#if HWY_TARGET <= HWY_AVX2
  return hn::MaskedLoad(hn::FirstN(Tag(), count), Tag(), values);
#else
  HWY_ALIGN float padded[kLanes] = {};
  std::memcpy(padded, values, count * sizeof(float));
  return hn::Load(Tag(), padded);
#endif
}

// The sums of one row: `a` and `b`, with 32 registers `c` and `d` too.
struct RowSums {
  Vector a, b, c, d;
};

HWY_INLINE RowSums NoSums() {
  const Vector zero = hn::Zero(Tag());
  return {zero, zero, zero, zero};
}

HWY_INLINE float Reduce(const RowSums& sums) {
  Vector sum = hn::Add(sums.a, sums.b);
  if constexpr (kSums == 4) sum = hn::Add(sum, hn::Add(sums.c, sums.d));
  return hn::GetLane(hn::SumOfLanes(Tag(), sum));
}

// The dimensions [0, dims) of a block, of one row and of four. Both walk the dimensions alike:
// groups of kSums vectors, single vectors into a, b, c, and the tail into b. Their bits must stay
// the same.
template <class Op>
HWY_INLINE float SumOne(const float* query, const float* row, size_t dims) {
  const Tag tag;
  RowSums sums = NoSums();
  size_t at = 0;
  for (; at + kSums * kLanes <= dims; at += kSums * kLanes) {
    sums.a = Op::Add(hn::LoadU(tag, query + at), hn::LoadU(tag, row + at), sums.a);
    sums.b =
        Op::Add(hn::LoadU(tag, query + at + kLanes), hn::LoadU(tag, row + at + kLanes), sums.b);
    if constexpr (kSums == 4) {
      sums.c = Op::Add(hn::LoadU(tag, query + at + 2 * kLanes),
                       hn::LoadU(tag, row + at + 2 * kLanes), sums.c);
      sums.d = Op::Add(hn::LoadU(tag, query + at + 3 * kLanes),
                       hn::LoadU(tag, row + at + 3 * kLanes), sums.d);
    }
  }
  for (; at + kLanes <= dims; at += kLanes) {
    sums.a = Op::Add(hn::LoadU(tag, query + at), hn::LoadU(tag, row + at), sums.a);
  }
  if (at < dims) {
    sums.b = Op::Add(LoadTail(query + at, dims - at), LoadTail(row + at, dims - at), sums.b);
  }
  return Reduce(sums);
}

template <class Op>
HWY_INLINE void SumFour(const float* query, const float* row0, const float* row1, const float* row2,
                        const float* row3, size_t dims, float* out) {
  const Tag tag;
  RowSums sums0 = NoSums(), sums1 = NoSums(), sums2 = NoSums(), sums3 = NoSums();
  size_t at = 0;
  for (; at + kSums * kLanes <= dims; at += kSums * kLanes) {
    const Vector qa = hn::LoadU(tag, query + at);
    sums0.a = Op::Add(qa, hn::LoadU(tag, row0 + at), sums0.a);
    sums1.a = Op::Add(qa, hn::LoadU(tag, row1 + at), sums1.a);
    sums2.a = Op::Add(qa, hn::LoadU(tag, row2 + at), sums2.a);
    sums3.a = Op::Add(qa, hn::LoadU(tag, row3 + at), sums3.a);
    const Vector qb = hn::LoadU(tag, query + at + kLanes);
    sums0.b = Op::Add(qb, hn::LoadU(tag, row0 + at + kLanes), sums0.b);
    sums1.b = Op::Add(qb, hn::LoadU(tag, row1 + at + kLanes), sums1.b);
    sums2.b = Op::Add(qb, hn::LoadU(tag, row2 + at + kLanes), sums2.b);
    sums3.b = Op::Add(qb, hn::LoadU(tag, row3 + at + kLanes), sums3.b);
    if constexpr (kSums == 4) {
      const Vector qc = hn::LoadU(tag, query + at + 2 * kLanes);
      sums0.c = Op::Add(qc, hn::LoadU(tag, row0 + at + 2 * kLanes), sums0.c);
      sums1.c = Op::Add(qc, hn::LoadU(tag, row1 + at + 2 * kLanes), sums1.c);
      sums2.c = Op::Add(qc, hn::LoadU(tag, row2 + at + 2 * kLanes), sums2.c);
      sums3.c = Op::Add(qc, hn::LoadU(tag, row3 + at + 2 * kLanes), sums3.c);
      const Vector qd = hn::LoadU(tag, query + at + 3 * kLanes);
      sums0.d = Op::Add(qd, hn::LoadU(tag, row0 + at + 3 * kLanes), sums0.d);
      sums1.d = Op::Add(qd, hn::LoadU(tag, row1 + at + 3 * kLanes), sums1.d);
      sums2.d = Op::Add(qd, hn::LoadU(tag, row2 + at + 3 * kLanes), sums2.d);
      sums3.d = Op::Add(qd, hn::LoadU(tag, row3 + at + 3 * kLanes), sums3.d);
    }
  }
  for (; at + kLanes <= dims; at += kLanes) {
    const Vector q = hn::LoadU(tag, query + at);
    sums0.a = Op::Add(q, hn::LoadU(tag, row0 + at), sums0.a);
    sums1.a = Op::Add(q, hn::LoadU(tag, row1 + at), sums1.a);
    sums2.a = Op::Add(q, hn::LoadU(tag, row2 + at), sums2.a);
    sums3.a = Op::Add(q, hn::LoadU(tag, row3 + at), sums3.a);
  }
  if (at < dims) {
    const size_t rest = dims - at;
    const Vector q = LoadTail(query + at, rest);
    sums0.b = Op::Add(q, LoadTail(row0 + at, rest), sums0.b);
    sums1.b = Op::Add(q, LoadTail(row1 + at, rest), sums1.b);
    sums2.b = Op::Add(q, LoadTail(row2 + at, rest), sums2.b);
    sums3.b = Op::Add(q, LoadTail(row3 + at, rest), sums3.b);
  }
  out[0] = Reduce(sums0);
  out[1] = Reduce(sums1);
  out[2] = Reduce(sums2);
  out[3] = Reduce(sums3);
}

template <class Op>
float One(const float* query, const float* row, size_t dim) {
  float sum = 0;
  for (size_t at = 0; at < dim; at += kBlockDims) {
    sum += SumOne<Op>(query + at, row + at, std::min(kBlockDims, dim - at));
  }
  return Op::Distance(sum);
}

template <class Op>
HWY_INLINE void FourRows(const float* query, const float* row0, const float* row1,
                         const float* row2, const float* row3, size_t dim, float* out) {
  float sums[4] = {};
  for (size_t at = 0; at < dim; at += kBlockDims) {
    float block[4];
    SumFour<Op>(query + at, row0 + at, row1 + at, row2 + at, row3 + at,
                std::min(kBlockDims, dim - at), block);
    for (size_t i = 0; i < 4; ++i) sums[i] += block[i];
  }
  for (size_t i = 0; i < 4; ++i) out[i] = Op::Distance(sums[i]);
}

template <class Op>
void Four(const float* query, const float* const* rows, size_t dim, float* out) {
  FourRows<Op>(query, rows[0], rows[1], rows[2], rows[3], dim, out);
}

template <class Op>
void Block(const float* query, const float* rows, size_t count, size_t dim, float* out) {
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const float* row = rows + i * dim;
    FourRows<Op>(query, row, row + dim, row + 2 * dim, row + 3 * dim, dim, out + i);
  }
  for (; i < count; ++i) out[i] = One<Op>(query, rows + i * dim, dim);
}

template <class Op>
void GatherWhole(const float* query, const float* rows, size_t dim, const uint32_t* ids,
                 size_t count, float* out) {
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    FourRows<Op>(query, rows + ids[i] * dim, rows + ids[i + 1] * dim, rows + ids[i + 2] * dim,
                 rows + ids[i + 3] * dim, dim, out + i);
  }
  for (; i < count; ++i) out[i] = One<Op>(query, rows + ids[i] * dim, dim);
}

// Adds one block of the dimensions of the rows `alive`, at most 64, to their sums in `out`, and
// keeps in `alive` those that are still within the bound. Returns how many.
template <class Op>
HWY_INLINE size_t GatherBlock(const float* query, const float* rows, size_t dim, size_t at,
                              const uint32_t* ids, float bound, uint8_t* alive, size_t count,
                              float* out) {
  const size_t dims = std::min(kBlockDims, dim - at);
  const float* block = rows + at;
  size_t kept = 0;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const uint8_t* group = alive + i;
    float sums[4];
    SumFour<Op>(query + at, block + ids[group[0]] * dim, block + ids[group[1]] * dim,
                block + ids[group[2]] * dim, block + ids[group[3]] * dim, dims, sums);
    for (size_t j = 0; j < 4; ++j) {
      const uint8_t row = group[j];
      out[row] += sums[j];
      alive[kept] = row;
      kept += !(out[row] > bound);
    }
  }
  for (; i < count; ++i) {
    const uint8_t row = alive[i];
    out[row] += SumOne<Op>(query + at, block + ids[row] * dim, dims);
    alive[kept] = row;
    kept += !(out[row] > bound);
  }
  return kept;
}

template <class Op>
void Gather(const float* query, const float* rows, size_t dim, const uint32_t* ids, size_t count,
            float bound, float* out) {
  if (!Op::kGrows || dim <= kBlockDims || bound == std::numeric_limits<float>::infinity()) {
    return GatherWhole<Op>(query, rows, dim, ids, count, out);
  }
  constexpr size_t kMaxAlive = 64;
  uint8_t alive[kMaxAlive];
  for (size_t begin = 0; begin < count; begin += kMaxAlive) {
    size_t num_alive = std::min(kMaxAlive, count - begin);
    for (size_t i = 0; i < num_alive; ++i) {
      alive[i] = static_cast<uint8_t>(i);
      out[begin + i] = 0;
    }
    for (size_t at = 0; at < dim && num_alive > 0; at += kBlockDims) {
      num_alive =
          GatherBlock<Op>(query, rows, dim, at, ids + begin, bound, alive, num_alive, out + begin);
    }
  }
}

template <class Op>
const DistanceKernels* Table() {
  static constexpr DistanceKernels kTable = {One<Op>, Four<Op>, Block<Op>, Gather<Op>};
  return &kTable;
}

const DistanceKernels* L2Table() { return Table<SquaredDifference>(); }
const DistanceKernels* DotTable() { return Table<Product>(); }

}  // namespace HWY_NAMESPACE
}  // namespace vecdb::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vecdb::simd {
namespace {

HWY_EXPORT(L2Table);
HWY_EXPORT(DotTable);

}  // namespace

const DistanceKernels& KernelsFor(Metric metric) {
  return metric == Metric::kL2 ? *HWY_DYNAMIC_DISPATCH(L2Table)()
                               : *HWY_DYNAMIC_DISPATCH(DotTable)();
}

}  // namespace vecdb::simd
#endif  // HWY_ONCE
