#include "simd/nibble_tables.h"

#include <algorithm>
#include <cmath>

// Vectors of unknown length cannot be kept in structs.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/nibble_tables.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace vecdb::simd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using EntryTag = hn::CappedTag<float, kPartBytes>;
constexpr size_t kEntryLanes = hn::MaxLanes(EntryTag());

struct EntryRange {
  float least, greatest;
};

HWY_INLINE EntryRange RangeOf(const float* table) {
  const EntryTag tag;
  auto least = hn::LoadU(tag, table);
  auto greatest = least;
  for (size_t at = kEntryLanes; at < kPartBytes; at += kEntryLanes) {
    least = hn::Min(least, hn::LoadU(tag, table + at));
    greatest = hn::Max(greatest, hn::LoadU(tag, table + at));
  }
  return {hn::GetLane(hn::MinOfLanes(tag, least)), hn::GetLane(hn::MaxOfLanes(tag, greatest))};
}

HWY_INLINE void RoundTable(const float* table, float least, float scale, uint8_t* bytes) {
  const EntryTag tag;
  const hn::Rebind<uint8_t, EntryTag> byte_tag;
  for (size_t at = 0; at < kPartBytes; at += kEntryLanes) {
    const auto above = hn::Sub(hn::LoadU(tag, table + at), hn::Set(tag, least));
    const auto steps = hn::Min(hn::Mul(above, hn::Set(tag, scale)), hn::Set(tag, 255.0f));
    hn::StoreU(hn::DemoteTo(byte_tag, hn::NearestInt(steps)), byte_tag, bytes + at);
  }
}

RoundedTables RoundTablesKernel(const float* tables, size_t parts, float* leasts, uint8_t* bytes) {
  RoundedTables rounded;
  double sum_of_ranges = 0;
  float widest = 0;
  for (size_t j = 0; j < parts; ++j) {
    const EntryRange range = RangeOf(tables + j * kPartBytes);
    leasts[j] = range.least;
    rounded.sum_of_leasts += static_cast<double>(range.least);
    sum_of_ranges += static_cast<double>(range.greatest - range.least);
    widest = std::max(widest, range.greatest - range.least);
  }
  const double greatest_sum = 65535 - static_cast<double>(parts) / 2;  // each is rounded up at most
  const float step = std::max(widest / 255, static_cast<float>(sum_of_ranges / greatest_sum));
  if (std::isfinite(step)) rounded.step = step;
  const float scale = 1 / rounded.step;
  if (!(rounded.step > 0) || !std::isfinite(scale)) {
    rounded.step = 0;
    std::fill_n(bytes, parts * kPartBytes, uint8_t{0});
    return rounded;
  }
  for (size_t j = 0; j < parts; ++j) {
    RoundTable(tables + j * kPartBytes, leasts[j], scale, bytes + j * kPartBytes);
  }
  return rounded;
}

void SumsWithinKernel(const uint16_t* sums, const float* terms, size_t num_blocks, float step,
                      float limit, uint32_t* masks) {
  const hn::CappedTag<float, kBlockRows> tag;
  const hn::Rebind<uint16_t, decltype(tag)> sum_tag;
  const hn::RebindToSigned<decltype(tag)> number_tag;
  constexpr size_t kLanes = hn::MaxLanes(hn::CappedTag<float, kBlockRows>());
  for (size_t b = 0; b < num_blocks; ++b) {
    uint32_t mask = 0;
    for (size_t at = 0; at < kBlockRows; at += kLanes) {
      const size_t first = b * kBlockRows + at;
      const auto sum =
          hn::ConvertTo(tag, hn::PromoteTo(number_tag, hn::LoadU(sum_tag, sums + first)));
      const auto distance = hn::MulAdd(sum, hn::Set(tag, step), hn::LoadU(tag, terms + first));
      uint8_t bits[8] = {};
      hn::StoreMaskBits(tag, hn::Le(distance, hn::Set(tag, limit)), bits);
      uint32_t word = 0;
      std::copy_n(bits, sizeof(word), reinterpret_cast<uint8_t*>(&word));
      mask |= word << at;
    }
    masks[b] = mask;
  }
}

#if HWY_TARGET == HWY_SCALAR

void SumsAtMostKernel(const uint16_t* sums, size_t num_blocks, uint16_t limit, uint32_t* masks) {
  for (size_t b = 0; b < num_blocks; ++b) {
    masks[b] = 0;
    for (size_t i = 0; i < kBlockRows; ++i) {
      masks[b] |= uint32_t{sums[b * kBlockRows + i] <= limit} << i;
    }
  }
}

void SumNibbleTablesKernel(const uint8_t* tables, size_t parts, const uint8_t* blocks,
                           size_t num_blocks, uint16_t* sums) {
  for (size_t i = 0; i < num_blocks * kBlockRows; ++i) {
    const size_t row = i % kBlockRows;
    const uint8_t* byte = blocks + i / kBlockRows * parts * kPartBytes + row % kPartBytes;
    uint32_t sum = 0;
    for (size_t j = 0; j < parts; ++j) {
      sum += tables[j * kPartBytes + ((byte[j * kPartBytes] >> (row / kPartBytes * 4)) & 15)];
    }
    sums[i] = static_cast<uint16_t>(sum);
  }
}

#else

using ByteTag = hn::ScalableTag<uint8_t>;
using WordTag = hn::Repartition<uint16_t, ByteTag>;
using WordVector = hn::Vec<WordTag>;
constexpr size_t kByteLanes = hn::MaxLanes(ByteTag());
constexpr size_t kPartsAtOnce = kByteLanes / kPartBytes;

// What was found, two rows to a word: `both` adds whole words, `odd` their high bytes alone.
struct PairSums {
  WordVector both, odd;

  HWY_INLINE void Add(hn::Vec<ByteTag> found) {
    const WordVector words = hn::BitCast(WordTag(), found);
    both = hn::Add(both, words);
    odd = hn::Add(odd, hn::ShiftRight<8>(words));
  }
};

HWY_INLINE PairSums NoPairSums() {
  const WordVector zero = hn::Zero(WordTag());
  return {zero, zero};
}

HWY_INLINE void LookUp(hn::Vec<ByteTag> table, hn::Vec<ByteTag> codes, PairSums* low,
                       PairSums* high) {
  const ByteTag tag;
  const auto nibble = hn::Set(tag, uint8_t{15});
  const auto shifted = hn::BitCast(tag, hn::ShiftRight<4>(hn::BitCast(WordTag(), codes)));
  low->Add(hn::TableLookupBytes(table, hn::And(codes, nibble)));
  high->Add(hn::TableLookupBytes(table, hn::And(shifted, nibble)));
}

// Adds up the parts side by side in a vector: 16 rows.
HWY_INLINE void StoreRows(const PairSums& sums, uint16_t* out) {
  const hn::Full128<uint16_t> tag;
  constexpr size_t kWords = 8;
  HWY_ALIGN uint16_t even[kByteLanes / 2];
  HWY_ALIGN uint16_t odd[kByteLanes / 2];
  hn::Store(hn::Sub(sums.both, hn::ShiftLeft<8>(sums.odd)), WordTag(), even);
  hn::Store(sums.odd, WordTag(), odd);
  auto even_sum = hn::Load(tag, even);
  auto odd_sum = hn::Load(tag, odd);
  for (size_t part = 1; part < kPartsAtOnce; ++part) {
    even_sum = hn::Add(even_sum, hn::Load(tag, even + part * kWords));
    odd_sum = hn::Add(odd_sum, hn::Load(tag, odd + part * kWords));
  }
  hn::StoreU(hn::InterleaveLower(tag, even_sum, odd_sum), tag, out);
  hn::StoreU(hn::InterleaveUpper(tag, even_sum, odd_sum), tag, out + kWords);
}

void SumsAtMostKernel(const uint16_t* sums, size_t num_blocks, uint16_t limit, uint32_t* masks) {
  const hn::CappedTag<uint16_t, kBlockRows> tag;
  constexpr size_t kLanes = hn::MaxLanes(hn::CappedTag<uint16_t, kBlockRows>());
  const auto greatest = hn::Set(tag, limit);
  for (size_t b = 0; b < num_blocks; ++b) {
    uint32_t mask = 0;
    for (size_t at = 0; at < kBlockRows; at += kLanes) {
      const auto sum = hn::LoadU(tag, sums + b * kBlockRows + at);
      const auto within = hn::Eq(hn::Min(sum, greatest), sum);
      uint8_t bits[8] = {};
      hn::StoreMaskBits(tag, within, bits);
      uint32_t word = 0;
      std::copy_n(bits, sizeof(word), reinterpret_cast<uint8_t*>(&word));
      mask |= word << at;
    }
    masks[b] = mask;
  }
}

void SumNibbleTablesKernel(const uint8_t* tables, size_t parts, const uint8_t* blocks,
                           size_t num_blocks, uint16_t* sums) {
  const ByteTag tag;
  for (size_t b = 0; b < num_blocks; ++b) {
    const uint8_t* block = blocks + b * parts * kPartBytes;
    PairSums low = NoPairSums();
    PairSums high = NoPairSums();
    size_t j = 0;
    for (; j + kPartsAtOnce <= parts; j += kPartsAtOnce) {
      LookUp(hn::LoadU(tag, tables + j * kPartBytes), hn::LoadU(tag, block + j * kPartBytes), &low,
             &high);
    }
    if constexpr (kPartsAtOnce == 4) {
      if (j < parts) {
        const hn::Half<ByteTag> half;
        LookUp(hn::ZeroExtendVector(tag, hn::LoadU(half, tables + j * kPartBytes)),
               hn::ZeroExtendVector(tag, hn::LoadU(half, block + j * kPartBytes)), &low, &high);
      }
    }
    StoreRows(low, sums + b * kBlockRows);
    StoreRows(high, sums + b * kBlockRows + kBlockRows / 2);
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace vecdb::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vecdb::simd {
namespace {

HWY_EXPORT(SumNibbleTablesKernel);
HWY_EXPORT(SumsAtMostKernel);
HWY_EXPORT(SumsWithinKernel);
HWY_EXPORT(RoundTablesKernel);

}  // namespace

void SumNibbleTables(const uint8_t* tables, size_t parts, const uint8_t* blocks, size_t num_blocks,
                     uint16_t* sums) {
  HWY_DYNAMIC_DISPATCH(SumNibbleTablesKernel)(tables, parts, blocks, num_blocks, sums);
}

void SumsAtMost(const uint16_t* sums, size_t num_blocks, uint16_t limit, uint32_t* masks) {
  HWY_DYNAMIC_DISPATCH(SumsAtMostKernel)(sums, num_blocks, limit, masks);
}

void SumsWithin(const uint16_t* sums, const float* terms, size_t num_blocks, float step,
                float limit, uint32_t* masks) {
  HWY_DYNAMIC_DISPATCH(SumsWithinKernel)(sums, terms, num_blocks, step, limit, masks);
}

RoundedTables RoundTables(const float* tables, size_t parts, float* leasts, uint8_t* bytes) {
  return HWY_DYNAMIC_DISPATCH(RoundTablesKernel)(tables, parts, leasts, bytes);
}

}  // namespace vecdb::simd
#endif  // HWY_ONCE
