#ifndef VECDB_CODEC_NORMALISE_H_
#define VECDB_CODEC_NORMALISE_H_

#include <cstddef>

#include "simd/row_norm.h"

namespace vecdb::codec {

/// The row scaled to length 1; a zero vector stays one. `out` may be `row`.
inline void Normalise(const float* row, size_t dim, float* out) {
  const float scale = simd::InverseNorm(row, dim);
  for (size_t d = 0; d < dim; ++d) out[d] = row[d] * scale;
}

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_NORMALISE_H_
