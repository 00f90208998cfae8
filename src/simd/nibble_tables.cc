#include "simd/nibble_tables.h"

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

#if HWY_TARGET == HWY_SCALAR

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

}  // namespace

void SumNibbleTables(const uint8_t* tables, size_t parts, const uint8_t* blocks, size_t num_blocks,
                     uint16_t* sums) {
  HWY_DYNAMIC_DISPATCH(SumNibbleTablesKernel)(tables, parts, blocks, num_blocks, sums);
}

}  // namespace vecdb::simd
#endif  // HWY_ONCE
