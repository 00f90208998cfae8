#ifndef VECDB_INDEX_HNSW_ORDER_H_
#define VECDB_INDEX_HNSW_ORDER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "vecdb/host.h"

namespace vecdb::index {

/// The order in which rows enter a graph, and the levels they reach: both from one hash of the row
/// number and the seed, the rows of the highest level first. So sorted input does no harm, the
/// first row is the entry for good, and the rows of level l are the first level_counts()[l - 1].
/// Immutable.
class HnswOrder {
 public:
  static absl::StatusOr<HnswOrder> Make(uint32_t num_rows, uint32_t m, uint64_t seed,
                                        const Host& host);

  HnswOrder() = default;

  uint32_t row(uint32_t place) const { return static_cast<uint32_t>(keys_.as<uint64_t>()[place]); }

  /// Exchanges the first row and that of `place`: what hashes say is chance anyway.
  void PutFirst(uint32_t place);

  /// Rows that reach level 1, 2, ...: a row does so with probability m^-level.
  const std::vector<uint32_t>& level_counts() const { return level_counts_; }

 private:
  base::LargeBuffer keys_;  // hash in the upper half, row in the lower
  std::vector<uint32_t> level_counts_;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_HNSW_ORDER_H_
