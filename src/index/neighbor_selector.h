#ifndef VECDB_INDEX_NEIGHBOR_SELECTOR_H_
#define VECDB_INDEX_NEIGHBOR_SELECTOR_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "index/row_distance.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// A node that another may be linked to.
struct LinkCandidate {
  float distance = 0;  ///< from the node whose links are chosen
  uint32_t node = 0;
  uint32_t row = 0;

  friend bool operator<(const LinkCandidate& a, const LinkCandidate& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  }
};

/// Chooses the links of a node by the heuristic of Malkov and Yashunin (algorithm 4): nearest
/// first, a candidate only if it is nearer to the node than to every neighbour chosen before, so
/// that the links point in different directions. For one thread at a time.
class NeighborSelector {
 public:
  /// With `spreads`, half of the links at most go to candidates that are as near to the node as
  /// they are to each other. Such are equal rows, which otherwise link to each other alone.
  explicit NeighborSelector(RowDistance distance, bool spreads = false)
      : distance_(std::move(distance)), spreads_(spreads) {}

  /// From now on a candidate is left out only where it is nearer to a chosen neighbour than to the
  /// node by a factor of `stretch`, 1 or more, so that longer links stay (Vamana: Subramanya et al.
  /// 2019). Distances of kIp have no factor.
  void SetStretch(float stretch, Metric metric) {
    stretch_ = metric == Metric::kIp ? 1 : stretch;
    zero_ = metric == Metric::kCosine ? -1.0f : 0.0f;
  }

  /// Chooses at most `limit` of the candidates, which are sorted. The result is valid until the
  /// next call.
  std::span<const LinkCandidate> Select(std::span<const LinkCandidate> candidates, size_t limit);

 private:
  enum class Direction { kCovered, kSame, kNew };
  Direction DirectionOf(const LinkCandidate& candidate) const;

  const RowDistance distance_;
  const bool spreads_;
  float stretch_ = 1;
  float zero_ = 0;  // the distance of equal rows
  std::vector<LinkCandidate> chosen_;
  std::vector<uint32_t> chosen_rows_;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_NEIGHBOR_SELECTOR_H_
