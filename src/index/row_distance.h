#ifndef VECDB_INDEX_ROW_DISTANCE_H_
#define VECDB_INDEX_ROW_DISTANCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "codec/codec.h"
#include "index/query_distance.h"
#include "index/row_codes.h"
#include "index/vector_view.h"
#include "simd/distance.h"

namespace vecdb::index {

/// How far rows of a view are from each other: by the rows, or by codes that CodeDistance::SetCode
/// takes. Borrows both. For one thread at a time.
class RowDistance {
 public:
  RowDistance(const VectorView& view, Metric metric, const simd::DistanceKernels& kernels)
      : view_(view), metric_(metric), kernels_(&kernels) {}
  RowDistance(const RowCodes& codes, const VectorView& view, Metric metric,
              const simd::DistanceKernels& kernels)
      : RowDistance(view, metric, kernels) {
    codes_ = &codes;
    coded_ = codes.codec().MakeDistance();
  }

  /// Distances from `row` to the rows `ids[0..count)`; one above `bound` may be given as anything
  /// above `bound`.
  void From(uint32_t row, const uint32_t* ids, size_t count, float bound, float* out) const {
    if (codes_ == nullptr) {
      QueryDistance(view_, metric_, *kernels_, row).Gather(ids, count, bound, out);
    } else {
      if (row != coded_row_) coded_->SetCode(codes_->row(row));
      coded_row_ = row;
      coded_->CompareWithin(codes_->of(ids, count), bound, out);
    }
  }

 private:
  VectorView view_;
  Metric metric_;
  const simd::DistanceKernels* kernels_;
  const RowCodes* codes_ = nullptr;
  std::unique_ptr<codec::CodeDistance> coded_;
  mutable uint32_t coded_row_ = kNoRow;  // whose code coded_ has; it stays as it is
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_ROW_DISTANCE_H_
