#ifndef VECDB_CODEC_SCALAR_RANGE_H_
#define VECDB_CODEC_SCALAR_RANGE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "codec/codec.h"
#include "codec/codec_spec.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::codec {

/// The grids of the dimensions: code c of dimension d stands for lower[d] + c * step[d]. All lower
/// bounds and all values that codes stand for are finite, steps are finite and not negative. A
/// value.
struct ScalarRange {
  Sq8Range kind = Sq8Range::kUniform;  ///< never kAuto; kUniform: all steps are the same
  std::vector<float> lower{};
  std::vector<float> step{};
};

/// What ranges to learn. A value.
struct ScalarRangeOptions {
  size_t dim = 0;
  Metric metric = Metric::kL2;      ///< under kCosine the rows are scaled to length 1 first
  Sq8Range kind = Sq8Range::kAuto;  ///< kAuto chooses by metric and error, see below
  uint32_t max_code = 255;          ///< codes are 0 to max_code
};

/// Learns ranges from rows.
///
/// Whole numbers whose range in no dimension exceeds max_code get steps of 1 and are coded without
/// loss; so bytes stay what they are. Otherwise the bounds are those of a few quantiles that give
/// the least squared error of up to 4096 rows, moved out to the last of all rows where that is
/// better. An error counts at most as much as the width of all
/// but the last 1/256 of the values on each side: what is far beyond is lost either way, and a few
/// extreme values do not widen the steps of the others. A constant dimension decodes exactly. A
/// uniform step is the one with the least error over all dimensions, and a grid that has more room
/// than its dimension needs leaves half of it below.
///
/// kAuto is kPerDimension under kIp and kCosine; under kL2 too where uniform steps would at least
/// double the squared error, otherwise kUniform. Without rows: lower bounds of 0, steps of 1.
/// The same for the same rows, whatever the number of threads. Cancelled, DeadlineExceeded.
absl::StatusOr<ScalarRange> LearnScalarRange(const ScalarRangeOptions& options,
                                             const TrainingRows& rows, const Host& host,
                                             const Context& context);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_SCALAR_RANGE_H_
