#include "index/neighbor_selector.h"

#include <algorithm>

namespace vecdb::index {

std::span<const LinkCandidate> NeighborSelector::Select(std::span<const LinkCandidate> candidates,
                                                        size_t limit) {
  const size_t most_same = spreads_ ? limit / 2 : limit;
  size_t num_same = 0;
  chosen_.clear();
  chosen_rows_.clear();
  for (const LinkCandidate& candidate : candidates) {
    if (chosen_.size() == limit) break;
    const Direction direction = DirectionOf(candidate);
    if (direction == Direction::kCovered) continue;
    if (direction == Direction::kSame && ++num_same > most_same) continue;
    chosen_.push_back(candidate);
    chosen_rows_.push_back(candidate.row);
  }
  return chosen_;
}

NeighborSelector::Direction NeighborSelector::DirectionOf(const LinkCandidate& candidate) const {
  constexpr size_t kGroup = 4;
  const float covered =
      stretch_ == 1 ? candidate.distance : zero_ + (candidate.distance - zero_) / stretch_;
  Direction direction = Direction::kNew;
  for (size_t i = 0; i < chosen_rows_.size(); i += kGroup) {
    const size_t count = std::min(kGroup, chosen_rows_.size() - i);
    float distances[kGroup];
    distance_.From(candidate.row, chosen_rows_.data() + i, count, candidate.distance, distances);
    for (size_t j = 0; j < count; ++j) {
      if (distances[j] < covered) return Direction::kCovered;
      const bool as_near = chosen_[i + j].distance == candidate.distance;
      if (as_near && distances[j] == candidate.distance) direction = Direction::kSame;
    }
  }
  return direction;
}

}  // namespace vecdb::index
