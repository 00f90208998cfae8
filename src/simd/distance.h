#ifndef VECDB_SIMD_DISTANCE_H_
#define VECDB_SIMD_DISTANCE_H_

#include <cstddef>
#include <cstdint>

#include "vecdb/index_spec.h"

namespace vecdb::simd {

/// Dimensions summed before the sum is reduced to one float. A distance is the sum, in order, of
/// the reduced sums of its blocks, in every form below; that is what lets Gather stop early with a
/// value that the full sum cannot fall below.
inline constexpr size_t kBlockDims = 256;

/// Distances of one query to rows of float32, for one metric and the best instruction set here.
///
/// Smaller is nearer: kL2 gives the squared distance, kIp and kCosine the negated dot product. A
/// pair has identical bits in all forms. Any dim, any alignment; nothing past the end of a row is
/// read. Immutable, thread-safe.
struct DistanceKernels {
  /// Of one row.
  float (*one)(const float* query, const float* row, size_t dim);

  /// Of four rows anywhere.
  void (*four)(const float* query, const float* const* rows, size_t dim, float* out);

  /// Of `count` rows that follow each other at `rows`.
  void (*block)(const float* query, const float* rows, size_t count, size_t dim, float* out);

  /// Of the rows `ids[0..count)` of the array that begins at `rows`. A distance above `bound` may
  /// come back as any value above `bound`, which spares reading the rest of the row.
  void (*gather)(const float* query, const float* rows, size_t dim, const uint32_t* ids,
                 size_t count, float bound, float* out);
};

/// The kernels of a metric. Chosen by the CPU; take it once per index, not per call.
const DistanceKernels& KernelsFor(Metric metric);

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_DISTANCE_H_
