#include "index/neighbor_selector.h"

#include <algorithm>

namespace vecdb::index {

std::span<const LinkCandidate> NeighborSelector::Select(std::span<const LinkCandidate> candidates,
                                                        size_t limit) {
  chosen_.clear();
  chosen_rows_.clear();
  for (const LinkCandidate& candidate : candidates) {
    if (chosen_.size() == limit) break;
    if (IsDiverse(candidate)) {
      chosen_.push_back(candidate);
      chosen_rows_.push_back(candidate.row);
    }
  }
  return chosen_;
}

bool NeighborSelector::IsDiverse(const LinkCandidate& candidate) const {
  constexpr size_t kGroup = 4;
  for (size_t i = 0; i < chosen_rows_.size(); i += kGroup) {
    const size_t count = std::min(kGroup, chosen_rows_.size() - i);
    float distances[kGroup];
    distance_.From(candidate.row, chosen_rows_.data() + i, count, candidate.distance, distances);
    for (size_t j = 0; j < count; ++j) {
      if (distances[j] < candidate.distance) return false;
    }
  }
  return true;
}

}  // namespace vecdb::index
