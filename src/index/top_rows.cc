#include "index/top_rows.h"

#include <algorithm>

namespace vecdb::index {

void TopRows::Reset(size_t k, const RowOrder* order, const RowLimits& limits) {
  heap_.clear();
  k_ = k;
  order_ = order;
  limits_ = limits;
  worst_ = k == 0 ? -RowLimits::kUnbounded : limits.farthest();
}

void TopRows::Take(const Candidate& candidate) {
  if (k_ == 0) return;
  if (limits_.after != nullptr && !limits_.after->IsBefore(candidate.distance, candidate.row))
    return;
  const auto nearer = [this](const Candidate& a, const Candidate& b) {
    return IsNearer(a, b, order_);
  };
  if (heap_.size() == k_) {
    if (!nearer(candidate, heap_.front())) return;
    std::pop_heap(heap_.begin(), heap_.end(), nearer);
    heap_.back() = candidate;
  } else {
    heap_.push_back(candidate);
  }
  std::push_heap(heap_.begin(), heap_.end(), nearer);
  if (heap_.size() == k_) worst_ = heap_.front().distance;
}

void TopRows::Finish(std::vector<Candidate>* out) {
  std::sort_heap(heap_.begin(), heap_.end(),
                 [this](const Candidate& a, const Candidate& b) { return IsNearer(a, b, order_); });
  out->assign(heap_.begin(), heap_.end());
  Reset(k_, order_, limits_);
}

}  // namespace vecdb::index
