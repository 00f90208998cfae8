#ifndef VECDB_INDEX_ROWS_BY_BOUND_H_
#define VECDB_INDEX_ROWS_BY_BOUND_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "index/code_bounds.h"
#include "index/row_limits.h"
#include "index/vector_view.h"

namespace vecdb::index {

/// Collects, by the distances of their codes, the rows that may lie within limits, and gives them
/// back one by one: those first that may be the nearest. For one thread at a time. Borrows what it
/// is given.
class RowsByBound {
 public:
  RowsByBound(const CodeBounds::OfQuery& bounds, const RowLimits& limits)
      : bounds_(bounds), limits_(limits) {}

  /// For about so many rows.
  void Reserve(size_t num_rows) { rows_.reserve(num_rows); }

  /// Codes further away than this are of no use; there is no such distance.
  static constexpr float worst() { return std::numeric_limits<float>::infinity(); }

  void Offer(float distance, uint32_t row) {
    const DistanceBounds bounds = bounds_.Of(row, distance);
    if (bounds.least > double{limits_.farthest()}) return;
    const float most = UpToFloat(bounds.most);
    if (most < limits_.min_distance) return;
    if (limits_.after != nullptr && !limits_.after->IsBefore(most, row)) return;
    rows_.push_back({-UpToFloat(-bounds.least), row});
  }

  /// When all were offered, and before Next.
  void Finish() { std::make_heap(rows_.begin(), rows_.end(), IsFurther); }

  /// The next of the rows that may be as near as `bound`, which does not rise; kNoRow: no more.
  uint32_t Next(float bound) {
    if (rows_.empty() || rows_.front().distance > bound) return kNoRow;
    std::pop_heap(rows_.begin(), rows_.end(), IsFurther);
    const uint32_t row = rows_.back().row;
    rows_.pop_back();
    return row;
  }

  size_t size() const { return rows_.size(); }

 private:
  static bool IsFurther(const Candidate& a, const Candidate& b) {
    return a.distance != b.distance ? a.distance > b.distance : a.row > b.row;
  }

  const CodeBounds::OfQuery& bounds_;
  const RowLimits limits_;
  std::vector<Candidate> rows_;  // by the least that their distances may be
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_ROWS_BY_BOUND_H_
