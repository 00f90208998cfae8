#include "codec/training_sample.h"

#include <cstring>
#include <utility>

#include "base/status_macros.h"
#include "codec/held.h"
#include "codec/mean_row.h"
#include "codec/normalise.h"
#include "codec/sampling.h"

namespace vecdb::codec {

absl::StatusOr<TrainingSample> TrainingSample::Make(const TrainingRows& from, size_t dim,
                                                    size_t wanted, uint64_t seed, bool normalised,
                                                    const Host& host) {
  const std::vector<uint32_t> ids = SampleRows(static_cast<uint32_t>(from.count), wanted, seed);
  TrainingSample sample;
  sample.dim_ = dim;
  sample.count_ = ids.size();
  sample.mean_.assign(dim, 0);
  VECDB_ASSIGN_OR_RETURN(
      sample.rows_, base::LargeBuffer::Make(ids.size() * dim * sizeof(float), host, "training rows",
                                            MemoryUse::kBuilds));
  float* to = sample.rows_.as<float>().data();
  for (const uint32_t id : ids) {
    const float* row = from.rows + id * dim;
    if (normalised) {
      Normalise(row, dim, to);
    } else {
      std::memcpy(to, row, dim * sizeof(float));
    }
    to += dim;
  }
  return sample;
}

void TrainingSample::SubtractMean() {
  mean_ = MeanRow(rows(), dim_);
  float* rows = rows_.as<float>().data();
  for (size_t i = 0; i < count_; ++i) {
    for (size_t d = 0; d < dim_; ++d)
      rows[i * dim_ + d] = HeldDifference(rows[i * dim_ + d], mean_[d]);
  }
}

absl::Status TrainingSample::Turn(const Rotation& rotation, const Host& host) {
  VECDB_ASSIGN_OR_RETURN(
      base::LargeBuffer turned,
      base::LargeBuffer::Make(rows_.size(), host, "training rows, turned", MemoryUse::kBuilds));
  rotation.Turn(rows_.as<float>().data(), count_, turned.as<float>().data());
  rows_ = std::move(turned);
  return absl::OkStatus();
}

}  // namespace vecdb::codec
