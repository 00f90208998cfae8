#include <algorithm>
#include <memory>
#include <utility>

#include "base/out_of_memory.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "index/index_estimate.h"
#include "index/index_state.h"
#include "index/row_checks.h"
#include "simd/row_norm.h"
#include "vecdb/index.h"
#include "vecdb/schema.h"

namespace vecdb {
namespace api {
namespace {

using index::IndexState;
using index::kCheckedFloats;

absl::Status ComputeNorms(const Context& context, IndexState* state) {
  const auto dim = static_cast<size_t>(state->view.dim);
  const size_t num_rows = state->view.num_rows;
  VECDB_ASSIGN_OR_RETURN(state->norms,
                         base::LargeBuffer::Make(num_rows * sizeof(float), state->host,
                                                 "norms of an index", MemoryUse::kVectors));
  const std::span<float> norms = state->norms.as<float>();
  const size_t piece_rows = std::max<size_t>(1, kCheckedFloats / dim);
  state->view.inverse_norms = norms.data();
  return base::ParallelFor(state->host.executor, Priority::kBackground,
                           (num_rows + piece_rows - 1) / piece_rows, context,
                           [&](size_t piece, size_t) {
                             const size_t end = std::min(num_rows, (piece + 1) * piece_rows);
                             for (size_t row = piece * piece_rows; row < end; ++row) {
                               norms[row] = simd::InverseNorm(state->view.rows + row * dim, dim);
                             }
                             return absl::OkStatus();
                           });
}

absl::Status CheckVectorSpec(const IndexSpec& spec, int32_t dim) {
  if (spec.is_scalar()) {
    return absl::InvalidArgumentError(
        base::StrFormat("%s is an index of scalar fields; vectors have FLAT, HNSW, IVF_FLAT, "
                        "IVF_SQ8, IVF_PQ or DISKANN",
                        spec.type_name()));
  }
  if (dim < 1 || dim > kMaxDim) {
    return absl::InvalidArgumentError(
        base::StrFormat("dim is %d; the range is 1 to %d", dim, kMaxDim));
  }
  return spec.Validate(dim);
}

// `dim` is one of vectors.
absl::Status CheckShape(std::span<const float> rows, int32_t dim) {
  if (rows.size() % static_cast<size_t>(dim) != 0) {
    return absl::InvalidArgumentError(
        base::StrFormat("%d floats are no multiple of the dim %d", rows.size(), dim));
  }
  if (rows.size() / static_cast<size_t>(dim) > index::kMaxRows) {
    return absl::InvalidArgumentError(base::StrFormat("%d rows; an index holds at most %d",
                                                      rows.size() / static_cast<size_t>(dim),
                                                      index::kMaxRows));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace api

absl::StatusOr<IndexEstimate> EstimateIndex(uint64_t num_rows, int32_t dim, const IndexSpec& spec,
                                            int32_t num_threads) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<IndexEstimate> {
    VECDB_RETURN_IF_ERROR(api::CheckVectorSpec(spec, dim));
    if (num_rows > index::kMaxRows) {
      return absl::InvalidArgumentError(
          base::StrFormat("%d rows; an index has at most %d", num_rows, index::kMaxRows));
    }
    if (num_threads < 1) {
      return absl::InvalidArgumentError(base::StrFormat("num_threads %d: at least 1", num_threads));
    }
    return index::Estimate(num_rows, dim, spec, static_cast<uint64_t>(num_threads), {});
  });
}

IndexBuilder::IndexBuilder(int32_t dim, IndexSpec spec, const Host& host)
    : dim_(dim), spec_(std::move(spec)), host_(host) {}

absl::StatusOr<std::unique_ptr<Index>> IndexBuilder::Build(std::span<const float> rows,
                                                           RowStorage storage,
                                                           const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<Index>> {
    VECDB_RETURN_IF_ERROR(api::CheckVectorSpec(spec_, dim_));
    VECDB_RETURN_IF_ERROR(api::CheckShape(rows, dim_));
    if (scratch_.has_value() && scratch_->store == nullptr) {
      return absl::InvalidArgumentError("the scratch of a build has no store");
    }
    VECDB_RETURN_IF_ERROR(context.Check());
    VECDB_RETURN_IF_ERROR(index::CheckFinite(rows, dim_, "row", context));
    auto state = std::make_unique<index::IndexState>();
    state->host = host_;
    state->view = {.rows = rows.data(),
                   .num_rows = static_cast<uint32_t>(rows.size() / static_cast<size_t>(dim_)),
                   .dim = dim_};
    if (storage == RowStorage::kCopy)
      VECDB_RETURN_IF_ERROR(index::CopyRows(rows, context, state.get()));
    if (spec_.metric == Metric::kCosine) {
      VECDB_RETURN_IF_ERROR(api::ComputeNorms(context, state.get()));
    }
    VECDB_ASSIGN_OR_RETURN(state->index,
                           index::BuildVectorIndex(state->view, spec_, host_, context, nullptr, {},
                                                   scratch_.has_value() ? &*scratch_ : nullptr));
    return std::unique_ptr<Index>(new Index(std::move(state)));
  });
}

}  // namespace vecdb
