#ifndef VECDB_CODEC_TRAINING_SAMPLE_H_
#define VECDB_CODEC_TRAINING_SAMPLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "codec/codec.h"
#include "codec/rotation.h"
#include "simd/panels.h"
#include "vecdb/host.h"

namespace vecdb::codec {

/// A copy of some of the training rows, to be changed at will. Thread-compatible.
class TrainingSample {
 public:
  /// Copies `wanted` of the rows, or all of them, as SampleRows chooses; scaled to length 1 on
  /// request. ResourceExhausted.
  static absl::StatusOr<TrainingSample> Make(const TrainingRows& from, size_t dim, size_t wanted,
                                             uint64_t seed, bool normalised, const Host& host);

  /// Moves the rows so that their mean is zero; mean() says where it was.
  void SubtractMean();

  /// Turns all rows. ResourceExhausted.
  absl::Status Turn(const Rotation& rotation, const Host& host);

  simd::FloatRows rows() const { return {rows_.as<float>().data(), dim_, count_}; }
  const std::vector<float>& mean() const { return mean_; }

 private:
  base::LargeBuffer rows_;
  size_t dim_ = 0;
  size_t count_ = 0;
  std::vector<float> mean_;
};

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_TRAINING_SAMPLE_H_
