#ifndef VECDB_INDEX_RESERVOIR_H_
#define VECDB_INDEX_RESERVOIR_H_

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "index/packed_candidate.h"
#include "index/vector_view.h"

namespace vecdb::index {

/// Keeps the nearest `wanted` of the rows it is offered, and for a while some more: rows are
/// collected until twice as many are there, or some hundred, and then the farthest thrown away.
/// Cheaper than a heap where many rows are kept. Equal distances: the lower row. Storage is kept
/// between uses. For one thread at a time.
class Reservoir {
 public:
  /// Forgets everything; `wanted` is at least 1.
  void Reset(size_t wanted) {
    wanted_ = wanted;
    capacity_ = std::max(2 * wanted, kLeastCapacity);
    worst_ = std::numeric_limits<float>::infinity();
    nearest_dropped_ = std::numeric_limits<float>::infinity();
    has_dropped_ = false;
    rows_.clear();
    rows_.reserve(capacity_);
  }

  /// A row further away than this is of no use.
  float worst() const { return worst_; }

  /// Takes a row that was not offered before. The distance is a number.
  void Offer(float distance, uint32_t row) {
    if (distance > worst_) return;
    rows_.push_back(PackCandidate(distance, row));
    if (rows_.size() == capacity_) Shrink(wanted_ + wanted_ / 2);
  }

  /// Rows kept: all that were offered, or at least `wanted`.
  size_t size() const { return rows_.size(); }

  /// Whether rows were thrown away, and none of them nearer than this.
  bool has_dropped() const { return has_dropped_; }
  float nearest_dropped() const { return nearest_dropped_; }

  /// The nearest rows, at most `wanted`, in no order.
  const std::vector<PackedCandidate>& Finish() {
    if (rows_.size() > wanted_) Shrink(wanted_);
    return rows_;
  }

 private:
  static constexpr size_t kLeastCapacity = 512;

  // Throws the farthest away, until at most `most` are left.
  void Shrink(size_t most) {
    const size_t kept = SelectSmallest(rows_.data(), rows_.size(), wanted_, most);
    const auto dropped = rows_.begin() + static_cast<std::ptrdiff_t>(kept);
    nearest_dropped_ = std::min(nearest_dropped_,
                                UnpackCandidate(*std::min_element(dropped, rows_.end())).distance);
    has_dropped_ = true;
    rows_.resize(kept);
    worst_ = UnpackCandidate(*std::max_element(rows_.begin(), rows_.end())).distance;
  }

  std::vector<PackedCandidate> rows_;
  size_t wanted_ = 1;
  size_t capacity_ = kLeastCapacity;
  float worst_ = std::numeric_limits<float>::infinity();
  float nearest_dropped_ = std::numeric_limits<float>::infinity();
  bool has_dropped_ = false;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_RESERVOIR_H_
