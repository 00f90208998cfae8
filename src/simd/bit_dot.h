#ifndef VECDB_SIMD_BIT_DOT_H_
#define VECDB_SIMD_BIT_DOT_H_

#include <cstddef>
#include <cstdint>

#include "simd/code_rows.h"

namespace vecdb::simd {

/// Bits of a coded query's numbers: two's complement, from -128 to 127.
inline constexpr size_t kBitQueryPlanes = 8;

/// A query as bit planes: bits[w * kBitQueryPlanes + j] holds bit j, bit 7 being the sign, of the
/// numbers of dimensions 64 w to 64 w + 63, the lowest dimension in the lowest bit. Borrows them.
struct BitQuery {
  const uint64_t* bits = nullptr;
  size_t words = 0;  ///< dimensions / 64
};

/// Puts the bits of the numbers of 64 * `words` dimensions where a BitQuery has them: bit j of
/// number 64 w + i becomes bit i of bits[w * kBitQueryPlanes + j].
void SplitBits(const uint8_t* numbers, size_t words, uint64_t* bits);

/// Dot products of a query and rows of unsigned numbers of `planes` bits, 1 to 8. The code of a row
/// begins with its bit planes, the most significant first, each of `query.words` little-endian
/// 64-bit words with the lowest dimension in the lowest bit; what follows them is not read. Fewer
/// `planes` than the rows have take the most significant ones: the numbers without their lowest
/// bits.
///
///     out[i] = sum over d of query[d] * row_i[d]
///
/// Exact, on every instruction set. Any alignment of rows.
using BitDot = void (*)(const BitQuery& query, size_t planes, const CodeRows& rows, int64_t* out);

/// The kernel for this CPU; take it once per query or index, not per call.
BitDot GetBitDot();

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_BIT_DOT_H_
