#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <variant>

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "codec/normalise.h"
#include "faiss/hnsw_links.h"
#include "faiss/ivf_exchange.h"
#include "faiss/parts.h"
#include "faiss/row_ids.h"
#include "index/hnsw_index.h"
#include "index/index_state.h"
#include "index/ivf_index.h"
#include "vecdb/faiss.h"

namespace vecdb {
namespace faiss {
namespace {

using OwnedFaiss = std::unique_ptr<::faiss::Index>;

constexpr int kEfSearch = 64;  // of HnswSearchParams
constexpr uint32_t kRowsBetweenPolls = 1 << 12;

absl::Status FillFlat(const index::IndexState& state, const Context& context,
                      ::faiss::IndexFlat* flat) {
  const index::VectorView& view = state.view;
  const bool scaled = state.index->spec().metric == Metric::kCosine;
  const auto dim = static_cast<size_t>(view.dim);
  float* out = MakeRoom(view.num_rows, flat);
  for (uint32_t row = 0; row < view.num_rows; ++row, out += dim) {
    if (row % kRowsBetweenPolls == 0) VECDB_RETURN_IF_ERROR(context.Check());
    if (scaled) {
      codec::Normalise(view.row(row), dim, out);
    } else {
      std::memcpy(out, view.row(row), dim * sizeof(float));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<OwnedFaiss> MakeFlat(const index::IndexState& state, const Context& context) {
  auto flat = NewFlat(state.view.dim, state.index->spec().metric);
  VECDB_RETURN_IF_ERROR(FillFlat(state, context, flat.get()));
  return flat;
}

absl::StatusOr<OwnedFaiss> MakeHnsw(const index::IndexState& state, const HnswParams& params,
                                    const Context& context) {
  const auto& source = static_cast<const index::HnswIndex&>(*state.index);
  auto hnsw = std::make_unique<::faiss::IndexHNSWFlat>(
      state.view.dim, static_cast<int>(source.graph().m), FaissMetricOf(source.spec().metric));
  VECDB_RETURN_IF_ERROR(FillFlat(state, context, static_cast<::faiss::IndexFlat*>(hnsw->storage)));
  VECDB_RETURN_IF_ERROR(GraphToFaiss(source.graph(), context, &hnsw->hnsw));
  hnsw->hnsw.efConstruction = params.ef_construction;
  hnsw->hnsw.efSearch = kEfSearch;
  hnsw->ntotal = int64_t{state.view.num_rows};
  return hnsw;
}

absl::StatusOr<OwnedFaiss> MakeInner(const index::IndexState& state, const Context& context) {
  const IndexSpec& spec = state.index->spec();
  if (index::IsIvf(spec)) {
    const auto& source = static_cast<const index::IvfIndex&>(*state.index);
    return IvfToFaiss(source.lists(), spec, context);
  }
  if (const auto* params = std::get_if<HnswParams>(&spec.params)) {
    return MakeHnsw(state, *params, context);
  }
  return MakeFlat(state, context);
}

// Around an index that has its vectors already, which the constructor of IndexIDMap refuses.
OwnedFaiss WithIds(OwnedFaiss inner, std::span<const int64_t> ids) {
  auto map = std::make_unique<::faiss::IndexIDMap>();
  map->id_map.assign(ids.begin(), ids.end());
  map->d = inner->d;
  map->ntotal = inner->ntotal;
  map->is_trained = inner->is_trained;
  map->metric_type = inner->metric_type;
  map->own_fields = true;
  map->index = inner.release();
  return map;
}

absl::StatusOr<OwnedFaiss> Make(const Index& index, std::span<const int64_t> ids,
                                const Context& context) {
  const index::IndexState& state = index::IndexAccess::StateOf(index);
  VECDB_RETURN_IF_ERROR(context.Check());
  if (!ids.empty() && ids.size() != index.num_rows()) {
    return absl::InvalidArgumentError(
        base::StrFormat("ids: %d for %d rows", ids.size(), index.num_rows()));
  }
  VECDB_RETURN_IF_ERROR(CheckIds(ids, state.host, context));
  if (state.view.rows == nullptr && state.view.num_rows > 0) {
    return absl::FailedPreconditionError("a DISKANN index on disk has no rows in memory to give");
  }
  VECDB_ASSIGN_OR_RETURN(OwnedFaiss made, MakeInner(state, context));
  return ids.empty() ? std::move(made) : WithIds(std::move(made), ids);
}

}  // namespace
}  // namespace faiss

absl::StatusOr<std::unique_ptr<::faiss::Index>> ToFaiss(const Index& index,
                                                        std::span<const int64_t> ids,
                                                        const Context& context) {
  try {
    return faiss::Make(index, ids, context);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("ToFaiss: the system has no more memory");
  } catch (const std::exception& error) {
    return absl::InternalError(base::StrFormat("ToFaiss: FAISS says: %s", error.what()));
  }
}

}  // namespace vecdb
