#include "index/hnsw_order.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "base/split_mix.h"
#include "base/status_macros.h"

namespace vecdb::index {

absl::StatusOr<HnswOrder> HnswOrder::Make(uint32_t num_rows, uint32_t m, uint64_t seed,
                                          const Host& host) {
  HnswOrder order;
  VECDB_ASSIGN_OR_RETURN(order.keys_,
                         base::LargeBuffer::Make(uint64_t{num_rows} * sizeof(uint64_t), host,
                                                 "HNSW build order", MemoryUse::kBuilds));
  const std::span<uint64_t> keys = order.keys_.as<uint64_t>();
  const uint64_t mixed_seed = base::MixBits(seed);
  for (uint32_t row = 0; row < num_rows; ++row) {
    keys[row] = (base::MixBits(mixed_seed + row) & 0xffffffff00000000ULL) | row;
  }
  std::sort(keys.begin(), keys.end());
  for (uint64_t below = std::numeric_limits<uint64_t>::max() / m; below > 0; below /= m) {
    const auto end = std::lower_bound(keys.begin(), keys.end(), below);
    if (end == keys.begin()) break;
    order.level_counts_.push_back(static_cast<uint32_t>(end - keys.begin()));
  }
  return order;
}

void HnswOrder::PutFirst(uint32_t place) {
  const std::span<uint64_t> keys = keys_.as<uint64_t>();
  std::swap(keys[0], keys[place]);
}

}  // namespace vecdb::index
