#include "simd/panels.h"

#include <algorithm>
#include <cstring>
#include <limits>

// Vectors of unknown length cannot be kept in structs.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/panels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace vecdb::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Registers hold a tile of kTileRows rows by kWide vectors of packed numbers: 24 sums of 32
// registers, or 12 of 16.
using PanelTag = hn::CappedTag<float, kPanelWidth>;
using PanelVector = hn::Vec<PanelTag>;
constexpr size_t kPanelLanes = hn::MaxLanes(PanelTag());
constexpr size_t kTileRows = 6;
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr size_t kWide = 4;
#else
constexpr size_t kWide = 2;
#endif
static_assert(kPanelWidth % kPanelLanes == 0);

struct TileSums {
  PanelVector a, b, c, d;
};

HWY_INLINE TileSums NoTileSums() {
  const PanelVector zero = hn::Zero(PanelTag());
  return {zero, zero, zero, zero};
}

// One number of a row times one of each packed vector.
template <size_t kVectors>
HWY_INLINE void AddProducts(float number, const TileSums& packed, TileSums* sums) {
  const PanelVector row = hn::Set(PanelTag(), number);
  sums->a = hn::MulAdd(row, packed.a, sums->a);
  if constexpr (kVectors > 1) sums->b = hn::MulAdd(row, packed.b, sums->b);
  if constexpr (kVectors > 2) {
    sums->c = hn::MulAdd(row, packed.c, sums->c);
    sums->d = hn::MulAdd(row, packed.d, sums->d);
  }
}

// Where the packed numbers of the vectors from `lane` on begin, for each register.
template <size_t kVectors>
struct PackedAt {
  PackedAt(const PanelView& panels, size_t lane) {
    for (size_t v = 0; v < kVectors; ++v) {
      const size_t at = lane + v * kPanelLanes;
      begin[v] = panels.panels + at / kPanelWidth * kPanelWidth * panels.dim + at % kPanelWidth;
    }
  }
  HWY_INLINE TileSums Load(size_t d) const {
    const PanelTag tag;
    const size_t at = d * kPanelWidth;
    TileSums packed = NoTileSums();
    packed.a = hn::LoadU(tag, begin[0] + at);
    if constexpr (kVectors > 1) packed.b = hn::LoadU(tag, begin[1] + at);
    if constexpr (kVectors > 2) {
      packed.c = hn::LoadU(tag, begin[2] + at);
      packed.d = hn::LoadU(tag, begin[3] + at);
    }
    return packed;
  }
  const float* begin[kVectors];
};

// Hands out the products of row `i` of a tile with the kVectors * kPanelLanes vectors from `lane`
// on, for one row or for kTileRows of them. Both add the dimensions in the same order.
template <size_t kVectors, class Take>
HWY_INLINE void TileOfOne(const float* row, size_t i, const PanelView& panels, size_t lane,
                          Take* take) {
  const PackedAt<kVectors> packed_at(panels, lane);
  TileSums sums = NoTileSums();
  for (size_t d = 0; d < panels.dim; ++d) AddProducts<kVectors>(row[d], packed_at.Load(d), &sums);
  take->template Row<kVectors>(i, lane, sums);
}

template <size_t kVectors, class Take>
HWY_INLINE void TileOfSix(const float* row, size_t stride, const PanelView& panels, size_t lane,
                          Take* take) {
  static_assert(kTileRows == 6);
  const PackedAt<kVectors> packed_at(panels, lane);
  TileSums sums0 = NoTileSums(), sums1 = NoTileSums(), sums2 = NoTileSums();
  TileSums sums3 = NoTileSums(), sums4 = NoTileSums(), sums5 = NoTileSums();
  for (size_t d = 0; d < panels.dim; ++d) {
    const TileSums packed = packed_at.Load(d);
    const float* number = row + d;
    AddProducts<kVectors>(number[0], packed, &sums0);
    AddProducts<kVectors>(number[stride], packed, &sums1);
    AddProducts<kVectors>(number[2 * stride], packed, &sums2);
    AddProducts<kVectors>(number[3 * stride], packed, &sums3);
    AddProducts<kVectors>(number[4 * stride], packed, &sums4);
    AddProducts<kVectors>(number[5 * stride], packed, &sums5);
  }
  take->template Row<kVectors>(0, lane, sums0);
  take->template Row<kVectors>(1, lane, sums1);
  take->template Row<kVectors>(2, lane, sums2);
  take->template Row<kVectors>(3, lane, sums3);
  take->template Row<kVectors>(4, lane, sums4);
  take->template Row<kVectors>(5, lane, sums5);
}

template <size_t kVectors, class Take>
HWY_INLINE void TileOf(const FloatRows& rows, size_t first, size_t num_rows,
                       const PanelView& panels, size_t lane, Take* take) {
  const float* row = rows.rows + first * rows.stride;
  if (num_rows == kTileRows) return TileOfSix<kVectors>(row, rows.stride, panels, lane, take);
  for (size_t i = 0; i < num_rows; ++i) {
    TileOfOne<kVectors>(row + i * rows.stride, i, panels, lane, take);
  }
}

// Compares all rows with all vectors, all vectors of a group of rows before the next rows.
template <class Take>
HWY_INLINE void ForTiles(const FloatRows& rows, const PanelView& panels, Take* take) {
  constexpr size_t kStep = kWide * kPanelLanes;
  const size_t lanes = (panels.count + kPanelLanes - 1) / kPanelLanes * kPanelLanes;
  for (size_t first = 0; first < rows.count; first += kTileRows) {
    const size_t num_rows = std::min(kTileRows, rows.count - first);
    take->Begin(first);
    size_t lane = 0;
    for (; lane + kStep <= lanes; lane += kStep) {
      TileOf<kWide>(rows, first, num_rows, panels, lane, take);
    }
    for (; lane < lanes; lane += kPanelLanes) {
      TileOf<1>(rows, first, num_rows, panels, lane, take);
    }
    take->End(num_rows);
  }
}

// Writes the products.
struct TakeDots {
  void Begin(size_t first) { row_out = out + first * count; }
  void End(size_t) {}

  template <size_t kVectors>
  HWY_INLINE void Row(size_t i, size_t lane, const TileSums& sums) {
    float* to = row_out + i * count;
    Store(sums.a, to, lane);
    if constexpr (kVectors > 1) Store(sums.b, to, lane + kPanelLanes);
    if constexpr (kVectors > 2) {
      Store(sums.c, to, lane + 2 * kPanelLanes);
      Store(sums.d, to, lane + 3 * kPanelLanes);
    }
  }

  HWY_INLINE void Store(PanelVector dots, float* to, size_t lane) const {
    if (lane + kPanelLanes <= count) return hn::StoreU(dots, PanelTag(), to + lane);
    HWY_ALIGN float padded[kPanelLanes];
    hn::Store(dots, PanelTag(), padded);
    std::memcpy(to + lane, padded, (count - lane) * sizeof(float));
  }

  float* out;
  size_t count;
  float* row_out = nullptr;
};

// Keeps the least value of each lane and its vector, and the least of all lanes in the end.
struct TakeNearest {
  using IndexTag = hn::RebindToUnsigned<PanelTag>;

  void Begin(size_t first) {
    first_row = first;
    std::fill_n(values, kTileRows * kPanelLanes, std::numeric_limits<float>::infinity());
    std::fill_n(vectors, kTileRows * kPanelLanes, 0U);
  }

  template <size_t kVectors>
  HWY_INLINE void Row(size_t i, size_t lane, const TileSums& sums) {
    float* value = values + i * kPanelLanes;
    uint32_t* vector = vectors + i * kPanelLanes;
    PanelVector least_value = hn::Load(PanelTag(), value);
    auto least_vector = hn::Load(IndexTag(), vector);
    Compare(sums.a, lane, &least_value, &least_vector);
    if constexpr (kVectors > 1) Compare(sums.b, lane + kPanelLanes, &least_value, &least_vector);
    if constexpr (kVectors > 2) {
      Compare(sums.c, lane + 2 * kPanelLanes, &least_value, &least_vector);
      Compare(sums.d, lane + 3 * kPanelLanes, &least_value, &least_vector);
    }
    hn::Store(least_value, PanelTag(), value);
    hn::Store(least_vector, IndexTag(), vector);
  }

  HWY_INLINE void Compare(PanelVector dots, size_t lane, PanelVector* least_value,
                          hn::Vec<IndexTag>* least_vector) const {
    const PanelVector value = hn::Sub(hn::LoadU(PanelTag(), biases + lane), dots);
    const auto lower = hn::Lt(value, *least_value);
    const auto here = hn::Iota(IndexTag(), static_cast<uint32_t>(lane));
    *least_value = hn::IfThenElse(lower, value, *least_value);
    *least_vector = hn::IfThenElse(hn::RebindMask(IndexTag(), lower), here, *least_vector);
  }

  void End(size_t num_rows) {
    const IndexTag tag;
    for (size_t i = 0; i < num_rows; ++i) {
      const PanelVector value = hn::Load(PanelTag(), values + i * kPanelLanes);
      const PanelVector best = hn::MinOfLanes(PanelTag(), value);
      const auto is_best = hn::RebindMask(tag, hn::Eq(value, best));
      const auto vector = hn::IfThenElse(is_best, hn::Load(tag, vectors + i * kPanelLanes),
                                         hn::Set(tag, std::numeric_limits<uint32_t>::max()));
      const uint32_t lowest = hn::GetLane(hn::MinOfLanes(tag, vector));
      // One that is all infinite has no least lane where Highway takes the greatest float for it.
      const bool found = lowest != std::numeric_limits<uint32_t>::max();
      nearest[first_row + i] = found ? lowest : 0;
      least[first_row + i] = found ? hn::GetLane(best) : std::numeric_limits<float>::infinity();
    }
  }

  const float* biases;
  uint32_t* nearest;
  float* least;
  size_t first_row = 0;
  HWY_ALIGN float values[kTileRows * kPanelLanes] = {};
  HWY_ALIGN uint32_t vectors[kTileRows * kPanelLanes] = {};
};

void PanelDotsKernel(const FloatRows& rows, const PanelView& panels, float* out) {
  TakeDots take{.out = out, .count = panels.count};
  ForTiles(rows, panels, &take);
}

void PanelNearestKernel(const FloatRows& rows, const PanelView& panels, const float* biases,
                        uint32_t* nearest, float* least) {
  TakeNearest take{.biases = biases, .nearest = nearest, .least = least};
  ForTiles(rows, panels, &take);
}

void PartTablesKernel(const float* row, const PartWords& words, float* out) {
  const PanelTag tag;
  const float* panel = words.panels;
  const float* bias = words.biases;
  for (size_t j = 0; j < words.parts; ++j, row += words.part_dim) {
    for (size_t w = 0; w < words.words; w += kPanelWidth, panel += kPanelWidth * words.part_dim) {
      for (size_t lane = 0; lane < kPanelWidth; lane += kPanelLanes) {
        PanelVector sum = hn::LoadU(tag, bias + lane);
        for (size_t d = 0; d < words.part_dim; ++d) {
          sum =
              hn::MulAdd(hn::Set(tag, row[d]), hn::LoadU(tag, panel + d * kPanelWidth + lane), sum);
        }
        hn::StoreU(sum, tag, out + lane);
      }
      bias += kPanelWidth;
      out += kPanelWidth;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace vecdb::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vecdb::simd {
namespace {

HWY_EXPORT(PanelDotsKernel);
HWY_EXPORT(PanelNearestKernel);
HWY_EXPORT(PartTablesKernel);

}  // namespace

void PackPanels(const float* vectors, size_t count, size_t dim, float* panels) {
  std::fill_n(panels, PanelFloats(count, dim), 0.0f);
  for (size_t j = 0; j < count; ++j) {
    float* packed = panels + j / kPanelWidth * kPanelWidth * dim + j % kPanelWidth;
    for (size_t d = 0; d < dim; ++d) packed[d * kPanelWidth] = vectors[j * dim + d];
  }
}

void PanelDots(const FloatRows& rows, const PanelView& panels, float* out) {
  HWY_DYNAMIC_DISPATCH(PanelDotsKernel)(rows, panels, out);
}

void PanelNearest(const FloatRows& rows, const PanelView& panels, const float* biases,
                  uint32_t* nearest, float* least) {
  HWY_DYNAMIC_DISPATCH(PanelNearestKernel)(rows, panels, biases, nearest, least);
}

void PartTables(const float* row, const PartWords& words, float* out) {
  HWY_DYNAMIC_DISPATCH(PartTablesKernel)(row, words, out);
}

}  // namespace vecdb::simd
#endif  // HWY_ONCE
