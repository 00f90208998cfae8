#include "index/query_distance.h"

#include "simd/row_norm.h"

namespace vecdb::index {
namespace {

size_t LinesOf(const VectorView& view) {
  const size_t bytes = static_cast<size_t>(view.dim) * sizeof(float);
  return (bytes + base::kCacheLineBytes - 1) / base::kCacheLineBytes;
}

}  // namespace

QueryDistance::QueryDistance(const VectorView& view, Metric metric, const float* query)
    : view_(view),
      lines_(LinesOf(view)),
      metric_(metric),
      kernels_(&simd::KernelsFor(metric)),
      query_(query) {
  if (metric == Metric::kCosine) {
    inverse_norm_ = simd::InverseNorm(query, static_cast<size_t>(view.dim));
  }
}

QueryDistance::QueryDistance(const VectorView& view, Metric metric,
                             const simd::DistanceKernels& kernels, uint32_t row)
    : view_(view),
      lines_(LinesOf(view)),
      metric_(metric),
      kernels_(&kernels),
      query_(view.row(row)) {
  if (metric == Metric::kCosine) inverse_norm_ = view.inverse_norms[row];
}

void QueryDistance::Block(uint32_t first, size_t count, float* out) const {
  kernels_->block(query_, view_.row(first), count, dim(), out);
  if (metric_ == Metric::kL2) return;
  for (size_t i = 0; i < count; ++i) out[i] = Finish(first + static_cast<uint32_t>(i), out[i]);
}

float QueryDistance::FinishSlowly(uint32_t row) const {
  return 0.0f - simd::CosineInDouble(query_, view_.row(row), dim());
}

}  // namespace vecdb::index
