#ifndef VECDB_SIMD_BYTE_DISTANCE_H_
#define VECDB_SIMD_BYTE_DISTANCE_H_

#include <cstddef>
#include <cstdint>

#include "simd/code_rows.h"

namespace vecdb::simd {

/// The most dimensions that the sums below hold.
inline constexpr size_t kMaxByteDim = 32768;

/// Sums over one query and rows of bytes or half bytes. All are exact integers, so every
/// instruction set gives the same.
///
/// In the products a query is in fixed point of 16 bits, each number as two balanced digits to base
/// 256: 256 * high + low, from -32768 to 32639. `dim` is at most kMaxByteDim. Any alignment;
/// nothing past the end of a row or of the query is read. Prefetching is the caller's. Immutable,
/// thread-safe.
struct ByteKernels {
  /// The sum of (query - row)^2 for each row of `dim` bytes.
  void (*squared)(const uint8_t* query, size_t dim, const CodeRows& rows, uint32_t* out);

  /// The sum of (256 * high + low) * row for each row of `dim` bytes.
  void (*dot)(const int8_t* high, const int8_t* low, size_t dim, const CodeRows& rows,
              int64_t* out);

  /// The same for rows of half bytes. With half = ceil(dim / 2), byte j of the half bytes of a row
  /// has dimension j in its low four bits and dimension j + half in the high four. With an odd dim
  /// the last high four bits count for nothing.
  void (*nibble_dot)(const int8_t* high, const int8_t* low, size_t dim, const CodeRows& rows,
                     int64_t* out);
};

/// What every CPU can do. Chosen by the CPU.
const ByteKernels& HighwayByteKernels();

/// With the byte products of AVX-512 VNNI; nullptr where the CPU or the compiler has none.
const ByteKernels* VnniByteKernels();

/// The faster of the two. Take it once per codec, not per call.
const ByteKernels& BestByteKernels();

/// Splits a number from -32768 to 32639 into its digits.
struct ByteDigits {
  int8_t high = 0;
  int8_t low = 0;
};
inline ByteDigits DigitsOf(int32_t value) {
  const int32_t low = ((value + 128) & 255) - 128;
  return {static_cast<int8_t>((value - low) >> 8), static_cast<int8_t>(low)};
}

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_BYTE_DISTANCE_H_
