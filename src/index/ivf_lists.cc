#include "index/ivf_lists.h"

#include <variant>

#include "base/status_macros.h"
#include "codec/fast_scan.h"
#include "index/hnsw_builder.h"
#include "schema/index_params.h"

namespace vecdb::index {
namespace {

constexpr int32_t kListGraphEf = 100;

uint64_t RoundedUp(uint64_t value, uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

IvfLayout::IvfLayout(std::span<const uint32_t> sizes, size_t code_bytes, size_t block_rows) {
  row_begins.reserve(sizes.size() + 1);
  code_begins.reserve(sizes.size() + 1);
  row_begins.push_back(0);
  code_begins.push_back(0);
  for (const uint32_t size : sizes) {
    const uint64_t bytes = RoundedUp(size, block_rows) * code_bytes;
    row_begins.push_back(row_begins.back() + size);
    code_begins.push_back(code_begins.back() + RoundedUp(bytes, kListAlignment));
  }
}

absl::Status BuildListGraph(Metric metric, uint64_t seed, const Host& host, const Context& context,
                            IvfLists* lists) {
  if (lists->centroids.count() <= kMostComparedLists) return absl::OkStatus();
  const HnswParams graph{
      .m = static_cast<int32_t>(kListGraphM), .ef_construction = kListGraphEf, .seed = seed};
  VECDB_ASSIGN_OR_RETURN(
      lists->graph,
      BuildHnswGraph(CentroidRows(lists->centroids), CentroidMetric(metric), graph, host, context));
  return absl::OkStatus();
}

VectorView CentroidRows(const codec::Centroids& centroids) {
  return {.rows = centroids.vectors().data(),
          .num_rows = static_cast<uint32_t>(centroids.count()),
          .dim = static_cast<int32_t>(centroids.dim())};
}

Metric CentroidMetric(Metric metric) { return metric == Metric::kCosine ? Metric::kIp : metric; }

uint64_t IvfLists::bytes() const {
  const uint64_t graph_bytes = graph.has_value() ? graph->bytes() : 0;
  return graph_bytes + centroids.memory_bytes() + codec->memory_bytes() + rows.size() +
         codes.size() + terms.size() +
         layout.row_begins.size() * (sizeof(uint32_t) + sizeof(uint64_t));
}

absl::Status IvfLists::ReserveSmallParts(const Host& host) {
  const uint64_t bytes = centroids.memory_bytes() + codec->memory_bytes();
  VECDB_ASSIGN_OR_RETURN(
      reserved, base::Reservation::Make(host.budget, bytes, "the centroids and codec of lists",
                                        MemoryUse::kIndexes));
  return absl::OkStatus();
}

codec::CodecSpec IvfCodecSpec(const IndexSpec& spec, int32_t dim) {
  codec::CodecSpec lists{
      .metric = CentroidMetric(spec.metric), .dim = dim, .seed = IvfShapeOf(spec).seed};
  if (std::holds_alternative<IvfSq8Params>(spec.params)) {
    lists.kind = codec::CodecKind::kSq8;
  } else if (const auto* pq = std::get_if<IvfPqParams>(&spec.params)) {
    lists.kind = codec::CodecKind::kPq;
    lists.pq_m = schema::EffectivePqM(*pq, dim);
    lists.pq_bits = pq->nbits;
  }
  return lists;
}

bool IsIvf(const IndexSpec& spec) {
  return std::holds_alternative<IvfFlatParams>(spec.params) ||
         std::holds_alternative<IvfSq8Params>(spec.params) ||
         std::holds_alternative<IvfPqParams>(spec.params);
}

bool IvfHasResiduals(const IndexSpec& spec) {
  return std::holds_alternative<IvfPqParams>(spec.params);
}

bool IvfIsPacked(const codec::CodecSpec& spec) {
  return spec.kind == codec::CodecKind::kPq && spec.pq_bits <= 4;
}

size_t IvfBlockRows(const codec::CodecSpec& spec) {
  return IvfIsPacked(spec) ? simd::kBlockRows : 1;
}

codec::Nearness IvfNearness(Metric metric) {
  return metric == Metric::kL2 ? codec::Nearness::kL2 : codec::Nearness::kDot;
}

IvfShape IvfShapeOf(const IndexSpec& spec) {
  if (const auto* flat = std::get_if<IvfFlatParams>(&spec.params)) {
    return {flat->nlist, flat->seed};
  }
  if (const auto* sq8 = std::get_if<IvfSq8Params>(&spec.params)) return {sq8->nlist, sq8->seed};
  const auto& pq = std::get<IvfPqParams>(spec.params);
  return {pq.nlist, pq.seed};
}

}  // namespace vecdb::index
