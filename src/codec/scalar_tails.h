#ifndef VECDB_CODEC_SCALAR_TAILS_H_
#define VECDB_CODEC_SCALAR_TAILS_H_

#include <span>

#include "absl/status/status.h"
#include "codec/codec.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::codec {

/// Bounds of a dimension that a sample suggests.
struct SampledBounds {
  double low = 0;
  double high = 0;
  double cap = 0;  ///< an error counts at most as much as this, squared
};

/// Moves each bound out to the least or greatest value of all rows where that lowers the squared
/// error: where the rows beyond the bound, which the sample missed, lose more by it than all others
/// by longer steps, of which there are `num_steps`. Rows are scaled to length 1 first where
/// `normalised`. The same for any number of threads. Cancelled, DeadlineExceeded.
absl::Status WidenToTails(const TrainingRows& rows, bool normalised, double num_steps,
                          std::span<SampledBounds> bounds, const Host& host,
                          const Context& context);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_SCALAR_TAILS_H_
