#ifndef VECDB_CODEC_MEAN_ROW_H_
#define VECDB_CODEC_MEAN_ROW_H_

#include <cstddef>
#include <vector>

#include "codec/held.h"
#include "simd/panels.h"

namespace vecdb::codec {

/// The mean of rows of `dim` floats, summed in double in their order; zeros for none.
inline std::vector<float> MeanRow(const simd::FloatRows& rows, size_t dim) {
  std::vector<double> sums(dim);
  for (size_t i = 0; i < rows.count; ++i) {
    const float* row = rows.rows + i * rows.stride;
    for (size_t d = 0; d < dim; ++d) sums[d] += static_cast<double>(row[d]);
  }
  std::vector<float> mean(dim);
  for (size_t d = 0; d < dim && rows.count > 0; ++d) {
    mean[d] = HeldToFloat(sums[d] / static_cast<double>(rows.count));
  }
  return mean;
}

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_MEAN_ROW_H_
