#include <algorithm>
#include <exception>
#include <new>
#include <span>
#include <typeinfo>
#include <utility>

#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "faiss/hnsw_links.h"
#include "faiss/ivf_exchange.h"
#include "faiss/parts.h"
#include "faiss/row_ids.h"
#include "index/flat_index.h"
#include "index/hnsw_index.h"
#include "index/index_state.h"
#include "index/row_checks.h"
#include "vecdb/faiss.h"

namespace vecdb {
namespace faiss {
namespace {

constexpr int32_t kMostEfConstruction = 65536;  // of HnswParams

// The index within an IndexIDMap; nullptr for an index of another class.
const ::faiss::IndexIDMap* AsIdMap(const ::faiss::Index& index) {
  const auto& type = typeid(index);
  const bool is_map = type == typeid(::faiss::IndexIDMap) || type == typeid(::faiss::IndexIDMap2);
  return is_map ? static_cast<const ::faiss::IndexIDMap*>(&index) : nullptr;
}

absl::Status CheckIdMap(const ::faiss::IndexIDMap& map, const ImportCall& call) {
  if (map.index == nullptr || map.index->ntotal != map.ntotal || map.index->d != map.d ||
      map.index->metric_type != map.metric_type ||
      map.id_map.size() != static_cast<size_t>(map.ntotal)) {
    return absl::InvalidArgumentError(base::StrFormat(
        "%s of %d vectors has %d ids, and what is within is of another count, dim or metric",
        ClassOf(map), map.ntotal, map.id_map.size()));
  }
  return CheckIds(map.id_map, call.host, call.context);
}

// The rows of an index that has them as they are: copied, or compared with the host's.
absl::Status TakeRows(std::span<const float> rows, const ImportCall& call,
                      index::IndexState* state) {
  VECDB_RETURN_IF_ERROR(index::CheckFinite(rows, state->view.dim, "row", call.context));
  const std::span<const float> viewed = call.options.rows;
  if (viewed.empty()) return index::CopyRows(rows, call.context, state);
  if (viewed.size() != rows.size()) {
    return absl::InvalidArgumentError(base::StrFormat("rows: %d floats are not %d rows of dim %d",
                                                      viewed.size(), state->view.num_rows,
                                                      state->view.dim));
  }
  VECDB_ASSIGN_OR_RETURN(const size_t different,
                         index::FindDifferentRow(rows, viewed, state->view.dim, call.context));
  state->view.rows = viewed.data();
  if (different == state->view.num_rows) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("rows: row %d differs from that in the index of FAISS", different));
}

absl::Status TakeFlat(const ::faiss::Index& flat, const ImportCall& call,
                      index::IndexState* state) {
  VECDB_ASSIGN_OR_RETURN(const Metric metric, MetricOf(flat));
  VECDB_ASSIGN_OR_RETURN(const std::span<const float> rows, FlatRows(flat));
  VECDB_RETURN_IF_ERROR(TakeRows(rows, call, state));
  state->index = std::make_unique<index::FlatIndex>(state->view, IndexSpec{.metric = metric});
  return absl::OkStatus();
}

absl::Status TakeHnsw(const ::faiss::IndexHNSW& hnsw, const ImportCall& call,
                      index::IndexState* state) {
  VECDB_ASSIGN_OR_RETURN(const Metric metric, MetricOf(hnsw));
  const ::faiss::Index* storage = hnsw.storage;
  if (storage == nullptr || storage->ntotal != hnsw.ntotal || storage->d != hnsw.d ||
      storage->metric_type != hnsw.metric_type) {
    return absl::InvalidArgumentError(base::StrFormat(
        "the storage of %s is missing, or of another count, dim or metric", ClassOf(hnsw)));
  }
  VECDB_ASSIGN_OR_RETURN(const std::span<const float> rows, FlatRows(*storage));
  VECDB_RETURN_IF_ERROR(TakeRows(rows, call, state));
  VECDB_ASSIGN_OR_RETURN(index::HnswGraph graph,
                         GraphFromFaiss(hnsw.hnsw, state->view.num_rows, call.host, call.context));
  const HnswParams params{
      .m = static_cast<int32_t>(graph.m),
      .ef_construction = std::clamp(hnsw.hnsw.efConstruction, 1, kMostEfConstruction),
      .codec = HnswCodec::kFloat32};
  state->index =
      std::make_unique<index::HnswIndex>(state->view, IndexSpec{.metric = metric, .params = params},
                                         std::move(graph), std::nullopt, call.host);
  return absl::OkStatus();
}

absl::StatusOr<FromFaissResult> Take(const ::faiss::Index& index, const ImportCall& call) {
  VECDB_RETURN_IF_ERROR(CheckHead(index));
  const ::faiss::IndexIDMap* map = AsIdMap(index);
  if (map != nullptr) VECDB_RETURN_IF_ERROR(CheckIdMap(*map, call));
  const ::faiss::Index& inner = map == nullptr ? index : *map->index;
  VECDB_RETURN_IF_ERROR(CheckHead(inner));
  auto state = std::make_unique<index::IndexState>();
  state->host = call.host;
  state->view = {.num_rows = static_cast<uint32_t>(inner.ntotal), .dim = inner.d};
  FromFaissResult result;
  if (const auto* ivf = dynamic_cast<const ::faiss::IndexIVF*>(&inner)) {
    VECDB_RETURN_IF_ERROR(IvfFromFaiss(*ivf, map != nullptr, call, state.get(), &result.ids));
  } else if (const auto* hnsw = dynamic_cast<const ::faiss::IndexHNSW*>(&inner)) {
    VECDB_RETURN_IF_ERROR(TakeHnsw(*hnsw, call, state.get()));
  } else {
    VECDB_RETURN_IF_ERROR(TakeFlat(inner, call, state.get()));
  }
  if (map != nullptr) result.ids = map->id_map;
  result.index = index::IndexAccess::Make(std::move(state));
  return result;
}

}  // namespace
}  // namespace faiss

absl::StatusOr<FromFaissResult> FromFaiss(const ::faiss::Index& index,
                                          const FromFaissOptions& options, const Host& host,
                                          const Context& context) {
  try {
    VECDB_RETURN_IF_ERROR(context.Check());
    return faiss::Take(index, {.options = options, .host = host, .context = context});
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("FromFaiss: the system has no more memory");
  } catch (const std::exception& error) {
    return absl::InternalError(base::StrFormat("FromFaiss: FAISS says: %s", error.what()));
  }
}

}  // namespace vecdb
