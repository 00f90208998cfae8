#ifndef VECDB_INDEX_QUERY_DISTANCE_H_
#define VECDB_INDEX_QUERY_DISTANCE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/prefetch.h"
#include "index/vector_view.h"
#include "simd/distance.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// Distances from one query to the rows of a view: the one place where they are computed, so that a
/// pair has the same bits in scans and graphs, in growing and sealed rows.
///
///   kL2      |query - row|^2
///   kIp      -(query . row)
///   kCosine  -(query . row) * (1/|query| * 1/|row|), from -1 to 1, 0 for zero vectors
///
/// What overflows to NaN counts as infinitely far. Borrows view and query. Immutable, thread-safe.
class QueryDistance {
 public:
  QueryDistance(const VectorView& view, Metric metric, const float* query);

  /// The query is row `row` of the view.
  QueryDistance(const VectorView& view, Metric metric, const simd::DistanceKernels& kernels,
                uint32_t row);

  /// Distance to one row.
  float One(uint32_t row) const {
    float distance = kernels_->one(query_, view_.row(row), dim());
    if (metric_ != Metric::kL2) distance = Finish(row, distance);
    return distance;
  }

  /// Distances to `count` rows from `first` on.
  void Block(uint32_t first, size_t count, float* out) const;

  /// Distances to the rows `ids[0..count)`; one above `bound` may be given as anything above
  /// `bound`.
  void Gather(const uint32_t* ids, size_t count, float bound, float* out) const {
    kernels_->gather(query_, view_.rows, dim(), ids, count, bound, out);
    if (metric_ == Metric::kL2) return;
    for (size_t i = 0; i < count; ++i) out[i] = Finish(ids[i], out[i]);
  }

  /// Begins to bring a row from memory, at most so many of its cache lines; the CPU's own
  /// prefetchers fetch the others in time.
  void Prefetch(uint32_t row, size_t most_lines = kMostLinesAhead) const {
    base::PrefetchLines(view_.row(row), std::min(lines_, most_lines));
  }

  const VectorView& view() const { return view_; }
  Metric metric() const { return metric_; }

 private:
  size_t dim() const { return static_cast<size_t>(view_.dim); }

  // Neither huge nor tiny nor 0: no product in the dot product overflowed, and none that vanished
  // matters.
  static bool IsMild(float value, float limit) { return (value < limit) & (value * limit > 1); }

  // From the negated dot product to the distance.
  float Finish(uint32_t row, float distance) const {
    if (metric_ == Metric::kCosine) {
      const float norm = view_.inverse_norms[row];
      const float scale = inverse_norm_ * norm;
      distance = IsMild(norm, 1e30f) && IsMild(scale, 1e20f) ? distance * scale : FinishSlowly(row);
      distance = std::clamp(distance, -1.0f, 1.0f);  // rounding may lead a little beyond
    }
    return distance == distance ? distance : std::numeric_limits<float>::infinity();
  }
  float FinishSlowly(uint32_t row) const;

  static constexpr size_t kMostLinesAhead = 16;

  VectorView view_;
  size_t lines_;  // of a row
  Metric metric_;
  const simd::DistanceKernels* kernels_;
  const float* query_;
  float inverse_norm_ = 0;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_QUERY_DISTANCE_H_
