#ifndef VECDB_SIMD_HADAMARD_H_
#define VECDB_SIMD_HADAMARD_H_

#include <cstddef>

namespace vecdb::simd {

/// The steps of a fast random rotation, on arrays of float32, for the best instruction set here.
///
/// The same bits on every instruction set: products are rounded before they are summed, and the
/// order of the sums is fixed. Any alignment. Immutable, thread-safe.
struct HadamardKernels {
  /// out[i] = a[i] * b[i]; `size` is a multiple of 16. `out` may be `a` or `b`.
  void (*multiply)(const float* a, const float* b, size_t size, float* out);

  /// The Walsh-Hadamard transform, not scaled, in place; `size` is a power of two and at least 16.
  /// Twice is `size` times the values.
  void (*transform)(float* values, size_t size);

  /// (a, b) becomes (a + b, a - b), element by element, of the halves a and b of 2 * `half` values;
  /// `half` is a multiple of 16. Twice is two times the values.
  void (*butterfly)(float* values, size_t half);
};

/// Chosen by the CPU; take it once, not per call.
const HadamardKernels& GetHadamardKernels();

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_HADAMARD_H_
