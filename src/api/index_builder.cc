#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "api/index_state.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "schema/finite.h"
#include "simd/row_norm.h"
#include "vecdb/index.h"
#include "vecdb/schema.h"

namespace vecdb {
namespace api {
namespace {

constexpr size_t kChunkFloats = 4 << 20;  // 16 MiB, a few milliseconds

absl::Status CopyRows(std::span<const float> rows, const Context& context, IndexState* state) {
  VECDB_ASSIGN_OR_RETURN(
      state->rows, base::LargeBuffer::Make(rows.size_bytes(), state->host, "rows of an index"));
  for (size_t begin = 0; begin < rows.size(); begin += kChunkFloats) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto chunk = rows.subspan(begin, std::min(kChunkFloats, rows.size() - begin));
    std::memcpy(state->rows.as<float>().data() + begin, chunk.data(), chunk.size_bytes());
  }
  state->view.rows = state->rows.as<float>().data();
  return absl::OkStatus();
}

absl::Status ComputeNorms(const Context& context, IndexState* state) {
  const auto dim = static_cast<size_t>(state->view.dim);
  const size_t num_rows = state->view.num_rows;
  VECDB_ASSIGN_OR_RETURN(state->norms, base::LargeBuffer::Make(num_rows * sizeof(float),
                                                               state->host, "norms of an index"));
  const std::span<float> norms = state->norms.as<float>();
  const size_t piece_rows = std::max<size_t>(1, kChunkFloats / dim);
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

absl::Status CheckShape(std::span<const float> rows, int32_t dim) {
  if (dim < 1 || dim > kMaxDim) {
    return absl::InvalidArgumentError(
        absl::StrFormat("dim is %d; the range is 1 to %d", dim, kMaxDim));
  }
  if (rows.size() % static_cast<size_t>(dim) != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d floats are no multiple of the dim %d", rows.size(), dim));
  }
  if (rows.size() / static_cast<size_t>(dim) > index::kMaxRows) {
    return absl::InvalidArgumentError(absl::StrFormat("%d rows; an index holds at most %d",
                                                      rows.size() / static_cast<size_t>(dim),
                                                      index::kMaxRows));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckFinite(std::span<const float> values, int32_t dim, const char* what,
                         const Context& context) {
  for (size_t begin = 0; begin < values.size(); begin += kChunkFloats) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto chunk = values.subspan(begin, std::min(kChunkFloats, values.size() - begin));
    if (const auto bad = schema::FindNonFinite(chunk)) {
      const size_t at = begin + *bad;
      return absl::InvalidArgumentError(absl::StrFormat("%s %d has NaN or Inf at dimension %d",
                                                        what, at / static_cast<size_t>(dim),
                                                        at % static_cast<size_t>(dim)));
    }
  }
  return absl::OkStatus();
}

}  // namespace api

IndexBuilder::IndexBuilder(int32_t dim, IndexSpec spec, const Host& host)
    : dim_(dim), spec_(std::move(spec)), host_(host) {}

absl::StatusOr<std::unique_ptr<Index>> IndexBuilder::Build(std::span<const float> rows,
                                                           RowStorage storage,
                                                           const Context& context) const {
  if (spec_.is_scalar()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s is an index of scalar fields; vectors have FLAT, HNSW, IVF_FLAT, IVF_SQ8 or IVF_PQ",
        spec_.type_name()));
  }
  VECDB_RETURN_IF_ERROR(api::CheckShape(rows, dim_));
  VECDB_RETURN_IF_ERROR(spec_.Validate(dim_));
  VECDB_RETURN_IF_ERROR(context.Check());
  VECDB_RETURN_IF_ERROR(api::CheckFinite(rows, dim_, "row", context));
  auto state = std::make_unique<api::IndexState>();
  state->host = host_;
  state->view = {.rows = rows.data(),
                 .num_rows = static_cast<uint32_t>(rows.size() / static_cast<size_t>(dim_)),
                 .dim = dim_};
  if (storage == RowStorage::kCopy)
    VECDB_RETURN_IF_ERROR(api::CopyRows(rows, context, state.get()));
  if (spec_.metric == Metric::kCosine) {
    VECDB_RETURN_IF_ERROR(api::ComputeNorms(context, state.get()));
  }
  VECDB_ASSIGN_OR_RETURN(state->index, index::BuildVectorIndex(state->view, spec_, host_, context));
  return std::unique_ptr<Index>(new Index(std::move(state)));
}

}  // namespace vecdb
