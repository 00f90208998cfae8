#include "simd/byte_distance.h"

// Highway 1.0 has no products of bytes, so these are written in the instructions themselves.
#if defined(__x86_64__) && defined(__GNUC__)
// gcc 12 says so of its own header (its bug 105593).
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <algorithm>
#endif

namespace vecdb::simd {

#if defined(__x86_64__) && defined(__GNUC__)

#define VECDB_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define VECDB_VNNI_INLINE VECDB_VNNI __attribute__((always_inline)) inline

namespace {

constexpr size_t kVectorBytes = 64;

struct FourRows {
  const uint8_t* rows[4];
};

struct FourSums {
  __m512i a, b, c, d;
};

// The first `count` lanes of a vector; none of the others is read.
VECDB_VNNI_INLINE __mmask64 FirstBytes(size_t count) {
  return count >= kVectorBytes ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
}

VECDB_VNNI_INLINE __m512i LoadBytes(__mmask64 mask, const void* bytes) {
  return _mm512_maskz_loadu_epi8(mask, bytes);
}

VECDB_VNNI_INLINE FourSums NoSums() {
  const __m512i zero = _mm512_setzero_si512();
  return {zero, zero, zero, zero};
}

// The sums of the lanes of the four vectors.
VECDB_VNNI_INLINE __m128i ReduceFour(const FourSums& sums) {
  const __m512i ac = _mm512_add_epi32(_mm512_unpacklo_epi32(sums.a, sums.c),
                                      _mm512_unpackhi_epi32(sums.a, sums.c));
  const __m512i bd = _mm512_add_epi32(_mm512_unpacklo_epi32(sums.b, sums.d),
                                      _mm512_unpackhi_epi32(sums.b, sums.d));
  const __m512i abcd =
      _mm512_add_epi32(_mm512_unpacklo_epi32(ac, bd), _mm512_unpackhi_epi32(ac, bd));
  const __m256i halves =
      _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64(abcd, 1));
  return _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
}

// A difference of bytes has nine bits, its square fits the products of words.
VECDB_VNNI_INLINE __m512i AddSquares(__m512i sum, __m512i query, __m512i row) {
  const __m512i difference =
      _mm512_or_si512(_mm512_subs_epu8(query, row), _mm512_subs_epu8(row, query));
  const __m512i even = _mm512_and_si512(difference, _mm512_set1_epi16(0xff));
  const __m512i odd = _mm512_srli_epi16(difference, 8);
  return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(sum, even, even), odd, odd);
}

VECDB_VNNI_INLINE void AddSquaresAt(__mmask64 mask, const uint8_t* query, const FourRows& group,
                                    size_t at, FourSums* sums) {
  const __m512i part = LoadBytes(mask, query + at);
  sums->a = AddSquares(sums->a, part, LoadBytes(mask, group.rows[0] + at));
  sums->b = AddSquares(sums->b, part, LoadBytes(mask, group.rows[1] + at));
  sums->c = AddSquares(sums->c, part, LoadBytes(mask, group.rows[2] + at));
  sums->d = AddSquares(sums->d, part, LoadBytes(mask, group.rows[3] + at));
}

VECDB_VNNI_INLINE __m128i SquaredOfFour(const uint8_t* query, size_t dim, const FourRows& group) {
  FourSums sums = NoSums();
  size_t at = 0;
  for (; at + kVectorBytes <= dim; at += kVectorBytes) {
    AddSquaresAt(FirstBytes(kVectorBytes), query, group, at, &sums);
  }
  if (at < dim) AddSquaresAt(FirstBytes(dim - at), query, group, at, &sums);
  return ReduceFour(sums);
}

// The sums of the high and of the low digits; at most 32768 * 255 * 128, which 32 bits hold.
struct DigitSums {
  FourSums high, low;
};

VECDB_VNNI_INLINE __m256i JoinDigitSums(const DigitSums& sums) {
  const __m256i high = _mm256_cvtepi32_epi64(ReduceFour(sums.high));
  const __m256i low = _mm256_cvtepi32_epi64(ReduceFour(sums.low));
  return _mm256_add_epi64(_mm256_slli_epi64(high, 8), low);
}

VECDB_VNNI_INLINE void AddDigitProducts(__m512i high, __m512i low, __m512i row, __m512i* high_sum,
                                        __m512i* low_sum) {
  *high_sum = _mm512_dpbusd_epi32(*high_sum, row, high);
  *low_sum = _mm512_dpbusd_epi32(*low_sum, row, low);
}

struct DigitQuery {
  const int8_t* high;
  const int8_t* low;
  size_t dim;
};

VECDB_VNNI_INLINE void AddDotAt(__mmask64 mask, const DigitQuery& query, const FourRows& group,
                                size_t at, DigitSums* sums) {
  const __m512i high = LoadBytes(mask, query.high + at);
  const __m512i low = LoadBytes(mask, query.low + at);
  AddDigitProducts(high, low, LoadBytes(mask, group.rows[0] + at), &sums->high.a, &sums->low.a);
  AddDigitProducts(high, low, LoadBytes(mask, group.rows[1] + at), &sums->high.b, &sums->low.b);
  AddDigitProducts(high, low, LoadBytes(mask, group.rows[2] + at), &sums->high.c, &sums->low.c);
  AddDigitProducts(high, low, LoadBytes(mask, group.rows[3] + at), &sums->high.d, &sums->low.d);
}

VECDB_VNNI_INLINE __m256i DotOfFour(const DigitQuery& query, const FourRows& group) {
  DigitSums sums = {NoSums(), NoSums()};
  size_t at = 0;
  for (; at + kVectorBytes <= query.dim; at += kVectorBytes) {
    AddDotAt(FirstBytes(kVectorBytes), query, group, at, &sums);
  }
  if (at < query.dim) AddDotAt(FirstBytes(query.dim - at), query, group, at, &sums);
  return JoinDigitSums(sums);
}

// The digits that meet the low and the high four bits of a vector of row bytes.
struct NibbleDigits {
  __m512i low_bits_high, low_bits_low, high_bits_high, high_bits_low;
};

VECDB_VNNI_INLINE void AddNibbleProducts(const NibbleDigits& digits, __m512i row, __m512i* high_sum,
                                         __m512i* low_sum) {
  const __m512i four_bits = _mm512_set1_epi8(15);
  const __m512i low_bits = _mm512_and_si512(row, four_bits);
  const __m512i high_bits = _mm512_and_si512(_mm512_srli_epi16(row, 4), four_bits);
  AddDigitProducts(digits.low_bits_high, digits.low_bits_low, low_bits, high_sum, low_sum);
  AddDigitProducts(digits.high_bits_high, digits.high_bits_low, high_bits, high_sum, low_sum);
}

// `mask` is of the row bytes and `high_mask` of those whose high four bits are a dimension.
VECDB_VNNI_INLINE void AddNibblesAt(__mmask64 mask, __mmask64 high_mask, const DigitQuery& query,
                                    const FourRows& group, size_t at, DigitSums* sums) {
  const size_t beyond = (query.dim + 1) / 2 + at;
  const NibbleDigits digits = {LoadBytes(mask, query.high + at), LoadBytes(mask, query.low + at),
                               LoadBytes(high_mask, query.high + beyond),
                               LoadBytes(high_mask, query.low + beyond)};
  AddNibbleProducts(digits, LoadBytes(mask, group.rows[0] + at), &sums->high.a, &sums->low.a);
  AddNibbleProducts(digits, LoadBytes(mask, group.rows[1] + at), &sums->high.b, &sums->low.b);
  AddNibbleProducts(digits, LoadBytes(mask, group.rows[2] + at), &sums->high.c, &sums->low.c);
  AddNibbleProducts(digits, LoadBytes(mask, group.rows[3] + at), &sums->high.d, &sums->low.d);
}

VECDB_VNNI_INLINE __m256i NibbleDotOfFour(const DigitQuery& query, const FourRows& group) {
  const size_t low_count = (query.dim + 1) / 2;
  const size_t high_count = query.dim / 2;
  DigitSums sums = {NoSums(), NoSums()};
  size_t at = 0;
  for (; at + kVectorBytes <= high_count; at += kVectorBytes) {
    AddNibblesAt(FirstBytes(kVectorBytes), FirstBytes(kVectorBytes), query, group, at, &sums);
  }
  if (at < low_count) {
    AddNibblesAt(FirstBytes(low_count - at), FirstBytes(high_count - at), query, group, at, &sums);
  }
  return JoinDigitSums(sums);
}

// Four rows from `i` on; a short group is filled up with its last row.
VECDB_VNNI_INLINE FourRows GroupAt(const CodeRows& rows, size_t i) {
  const size_t last = rows.count - 1;
  return {{rows.row(i), rows.row(std::min(i + 1, last)), rows.row(std::min(i + 2, last)),
           rows.row(std::min(i + 3, last))}};
}

VECDB_VNNI_INLINE void StoreDots(__m256i dots, size_t left, int64_t* out) {
  const auto mask = static_cast<__mmask8>(FirstBytes(std::min<size_t>(4, left)));
  _mm256_mask_storeu_epi64(out, mask, dots);
}

VECDB_VNNI void VnniSquared(const uint8_t* query, size_t dim, const CodeRows& rows, uint32_t* out) {
  for (size_t i = 0; i < rows.count; i += 4) {
    const auto mask = static_cast<__mmask8>(FirstBytes(std::min<size_t>(4, rows.count - i)));
    _mm_mask_storeu_epi32(out + i, mask, SquaredOfFour(query, dim, GroupAt(rows, i)));
  }
}

VECDB_VNNI void VnniDot(const int8_t* high, const int8_t* low, size_t dim, const CodeRows& rows,
                        int64_t* out) {
  const DigitQuery query = {high, low, dim};
  for (size_t i = 0; i < rows.count; i += 4) {
    StoreDots(DotOfFour(query, GroupAt(rows, i)), rows.count - i, out + i);
  }
}

VECDB_VNNI void VnniNibbleDot(const int8_t* high, const int8_t* low, size_t dim,
                              const CodeRows& rows, int64_t* out) {
  const DigitQuery query = {high, low, dim};
  for (size_t i = 0; i < rows.count; i += 4) {
    StoreDots(NibbleDotOfFour(query, GroupAt(rows, i)), rows.count - i, out + i);
  }
}

bool CpuHasVnni() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

}  // namespace

const ByteKernels* VnniByteKernels() {
  static constexpr ByteKernels kTable = {VnniSquared, VnniDot, VnniNibbleDot};
  return CpuHasVnni() ? &kTable : nullptr;
}

#else

const ByteKernels* VnniByteKernels() { return nullptr; }

#endif

}  // namespace vecdb::simd
