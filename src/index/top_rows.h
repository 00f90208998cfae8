#ifndef VECDB_INDEX_TOP_ROWS_H_
#define VECDB_INDEX_TOP_ROWS_H_

#include <cstddef>
#include <limits>
#include <vector>

#include "index/row_limits.h"
#include "index/vector_view.h"

namespace vecdb::index {

/// Keeps the nearest k of the rows it is offered, in the total order of IsNearer, whatever the
/// order they come in. Most offers cost one comparison. Storage is kept between uses. For one
/// thread at a time.
class TopRows {
 public:
  TopRows() = default;
  explicit TopRows(size_t k, const RowOrder* order = nullptr, const RowLimits& limits = {}) {
    Reset(k, order, limits);
  }

  /// Forgets everything and starts to collect `k` rows within `limits`. `order` is borrowed.
  void Reset(size_t k, const RowOrder* order = nullptr, const RowLimits& limits = {});

  /// A row further away than this is of no use. Until k rows are there, what the limits allow.
  float worst() const { return worst_; }

  /// Takes a row that was not offered before, when the limits contain it. NaN is no distance.
  void Offer(float distance, uint32_t row) {
    if (distance > worst_ || distance < limits_.min_distance) return;
    Take({distance, row});
  }

  size_t size() const { return heap_.size(); }

  /// Moves the rows out, nearest first, and forgets them.
  void Finish(std::vector<Candidate>* out);

 private:
  void Take(const Candidate& candidate);

  std::vector<Candidate> heap_;  // the worst on top
  size_t k_ = 0;
  const RowOrder* order_ = nullptr;
  RowLimits limits_;
  float worst_ = std::numeric_limits<float>::infinity();
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_TOP_ROWS_H_
