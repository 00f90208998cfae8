#ifndef VECDB_SIMD_ROW_NORM_H_
#define VECDB_SIMD_ROW_NORM_H_

#include <cstddef>

namespace vecdb::simd {

/// One over the Euclidean norm of a row of finite values; 0 for a zero vector, otherwise a normal
/// number (held to the range of float). The same bits on every instruction set: products of floats
/// are exact in double, and the order of the sums is fixed.
float InverseNorm(const float* row, size_t dim);

/// The dot product over the product of the norms, in double: for vectors so long or so short that
/// float would overflow or vanish. 0 when one is a zero vector.
float CosineInDouble(const float* a, const float* b, size_t dim);

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_ROW_NORM_H_
