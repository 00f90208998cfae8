#ifndef VECDB_SIMD_HALF_DISTANCE_H_
#define VECDB_SIMD_HALF_DISTANCE_H_

#include <cstddef>
#include <cstdint>

#include "simd/code_rows.h"

namespace vecdb::simd {

/// The greatest float16. What is beyond is held to it.
inline constexpr float kMaxHalf = 65504;

/// Distances of one query of float32 to rows of float16 (IEEE 754 binary16, little-endian), and the
/// way from one to the other, for the best instruction set here.
///
/// The sums are of float: each of about dim / 8 roundings loses at most one part in 2^24 of the sum
/// of the absolute terms. A row has the same bits in every call. Any dim, any alignment; nothing
/// past the end of a row is read. The halves are finite. Immutable, thread-safe.
struct HalfKernels {
  /// The sum of (query - row)^2 for each row.
  void (*squared)(const float* query, size_t dim, const CodeRows& rows, float* out);

  /// The sum of query * row for each row.
  void (*dot)(const float* query, size_t dim, const CodeRows& rows, float* out);

  /// Rounds `count` finite floats to the nearest float16, of two equally near ones to the even one;
  /// beyond +-kMaxHalf to that. The same bits on every instruction set.
  void (*from_floats)(const float* values, size_t count, uint8_t* halves);

  /// The floats that `count` halves stand for, exactly.
  void (*to_floats)(const uint8_t* halves, size_t count, float* values);
};

/// Chosen by the CPU; take it once per codec, not per call.
const HalfKernels& BestHalfKernels();

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_HALF_DISTANCE_H_
