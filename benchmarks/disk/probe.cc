#include "disk/probe.h"

#include <vector>

#include "base/split_mix.h"
#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/stats.h"

namespace vecdb::bench {
namespace {

constexpr int kChains = 1000;

}  // namespace

uint64_t DiskProbe::NextOffset() {
  return base::MixBits(state_++) % (size_bytes_ / store::kPageBytes) * store::kPageBytes;
}

absl::StatusOr<double> DiskProbe::ReadsPerSecond(size_t depth, double seconds) {
  VECDB_ASSIGN_OR_RETURN(const auto queue, file_->MakeQueue(depth, store::kPageBytes));
  for (size_t slot = 0; slot < depth; ++slot) queue->Start(slot, NextOffset());
  VECDB_RETURN_IF_ERROR(queue->Submit());
  uint64_t count = 0;
  const double start = WallSeconds();
  while (WallSeconds() - start < seconds) {
    for (size_t slot = 0; slot < depth; ++slot, ++count) {
      VECDB_RETURN_IF_ERROR(queue->Wait(slot, {}));
      queue->Start(slot, NextOffset());
      VECDB_RETURN_IF_ERROR(queue->Submit());
    }
  }
  const double elapsed = WallSeconds() - start;
  for (size_t slot = 0; slot < depth; ++slot) VECDB_RETURN_IF_ERROR(queue->Wait(slot, {}));
  return static_cast<double>(count) / elapsed;
}

absl::StatusOr<double> DiskProbe::ChainSeconds(size_t length, double share) {
  VECDB_ASSIGN_OR_RETURN(const auto queue, file_->MakeQueue(1, store::kPageBytes));
  std::vector<double> chains;
  for (int chain = 0; chain < kChains; ++chain) {
    const double start = WallSeconds();
    for (size_t i = 0; i < length; ++i) {
      queue->Start(0, NextOffset());
      VECDB_RETURN_IF_ERROR(queue->Submit());
      VECDB_RETURN_IF_ERROR(queue->Wait(0, {}));
    }
    chains.push_back(WallSeconds() - start);
  }
  return Percentile(std::move(chains), share);
}

}  // namespace vecdb::bench
