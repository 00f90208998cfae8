#include "index/diskann_builder.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/parallel_for.h"
#include "base/reservation.h"
#include "base/status_macros.h"
#include "codec/product_codec.h"
#include "index/diskann_graph.h"
#include "index/diskann_order.h"
#include "index/diskann_source.h"
#include "index/diskann_traffic.h"
#include "index/partitioned_graph.h"

namespace vecdb::index {
namespace {

constexpr size_t kLeastRowsLearntFrom = 2048;

uint64_t LearningBytes(uint64_t num_rows, const codec::CodecSpec& spec, uint64_t num_strands) {
  return num_rows * static_cast<uint64_t>(spec.dim) * sizeof(float) +
         codec::ProductTrainingBytes(num_rows, spec, num_strands);
}

// Codes, after what they are learnt with, and places, with those of another order of pages and the
// marks of searches for that.
uint64_t BytesOfCoding(uint64_t num_rows, const IndexSpec& spec, int32_t dim,
                       uint64_t num_strands) {
  const codec::CodecSpec codec = DiskannCodecSpec(spec, dim);
  const uint64_t codes =
      num_rows * static_cast<uint64_t>(codec.pq_m) + CodeBounds::BytesFor(num_rows);
  const uint64_t learning =
      LearningBytes(std::min<uint64_t>(num_rows, kLeastRowsLearntFrom), codec, num_strands);
  return num_rows * (3 * sizeof(uint32_t) + num_strands) + std::max(codes, learning);
}

// Nothing where the graph of all rows fits, or where parts would not either: its build then says
// what does not.
std::optional<PartitionPlan> PlanOf(const VectorView& view, const IndexSpec& spec,
                                    const BuildScratch* scratch, const Host& host) {
  if (scratch == nullptr || host.budget == nullptr) return std::nullopt;
  const uint64_t num_strands = base::MaxStrands(host.executor);
  if (base::HasRoomFor(DiskannBuildBytes(view.num_rows, spec, view.dim, num_strands),
                       host.budget)) {
    return std::nullopt;
  }
  const uint64_t free_bytes = host.budget->FreeBytes();
  const uint64_t coding = BytesOfCoding(view.num_rows, spec, view.dim, num_strands);
  if (coding > free_bytes) return std::nullopt;
  return PlanPartitions(view.num_rows, view.dim, spec, num_strands, free_bytes);
}

// The graph to continue; without rows where there is none.
absl::StatusOr<HnswGraph> ReadSource(const DiskannSource& source, const VectorView& view,
                                     const IndexSpec& spec, const Host& host,
                                     const Context& context) {
  if (source.parts == nullptr || !IsWorthwhile(source.rows, view.num_rows)) return HnswGraph();
  const uint64_t num_strands = base::MaxStrands(host.executor);
  const DiskannLayout& layout = source.parts->layout;
  const uint64_t links = uint64_t{layout.num_rows} * layout.degree * sizeof(uint32_t);
  if (!base::HasRoomFor(links + DiskannBuildBytes(view.num_rows, spec, view.dim, num_strands),
                        host.budget)) {
    return HnswGraph();
  }
  auto graph = ReadDiskannGraph(*source.parts, host, context);
  if (graph.ok()) return graph;
  VECDB_RETURN_IF_ERROR(context.Check());
  return HnswGraph();
}

absl::StatusOr<OrderedGraph> BuildGraph(const VectorView& view, const IndexSpec& spec,
                                        const DiskannLayout& layout, const BuildScratch* scratch,
                                        const DiskannSource& source, const Host& host,
                                        const Context& context, std::atomic<uint64_t>* rows_done) {
  if (const std::optional<PartitionPlan> plan = PlanOf(view, spec, scratch, host)) {
    return BuildPartitionedGraph(view, spec, *plan, *scratch, host, context, rows_done);
  }
  VECDB_ASSIGN_OR_RETURN(HnswGraph old, ReadSource(source, view, spec, host, context));
  const GraphSource from{.graph = old.num_rows == 0 ? nullptr : &old, .rows = source.rows};
  VECDB_ASSIGN_OR_RETURN(HnswGraph graph,
                         BuildDiskannGraph(view, spec, host, context, rows_done, from));
  old = {};
  OrderedGraph ordered{.entry_row = graph.entry_row};
  VECDB_ASSIGN_OR_RETURN(ordered.rows, OrderRows(graph, layout, host, context));
  ordered.links = std::make_unique<GraphLinks>(std::move(graph));
  return ordered;
}

// Rows that the codec of the walk is learnt from, where memory is limited.
size_t RowsToLearnFrom(const codec::CodecSpec& spec, const Host& host) {
  size_t rows = RowCodes::kMostSampledRows;
  if (host.budget == nullptr) return rows;
  const uint64_t num_strands = base::MaxStrands(host.executor);
  while (rows > kLeastRowsLearntFrom &&
         LearningBytes(rows, spec, num_strands) > host.budget->FreeBytes()) {
    rows /= 2;
  }
  return rows;
}

// The pages that are read most often become the first, and with that those that a cache keeps.
absl::Status OrderByTraffic(const VectorView& view, const IndexSpec& spec, BuiltPages* pages,
                            DiskannParts* parts, const Host& host, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const std::vector<uint32_t> order,
                         PagesByTraffic(view, spec, parts, host, context));
  VECDB_RETURN_IF_ERROR(pages->Renumber(order));
  const std::span<const uint32_t> rows = pages->rows().as<const uint32_t>();
  for (uint32_t place = 0; place < rows.size(); ++place) {
    parts->places.as<uint32_t>()[rows[place]] = place;
  }
  return absl::OkStatus();
}

}  // namespace

uint64_t DiskannBuildBytes(uint64_t num_rows, const IndexSpec& spec, int32_t dim,
                           uint64_t num_strands) {
  const auto& params = std::get<DiskannParams>(spec.params);
  const uint64_t graph = DiskannGraphBytes(num_rows, dim, params, num_strands);
  const uint64_t links = num_rows * DiskannDegree(params) * sizeof(uint32_t);
  return std::max(graph + graph / 32, links + BytesOfCoding(num_rows, spec, dim, num_strands));
}

absl::StatusOr<DiskannParts> BuildDiskann(const VectorView& view, const IndexSpec& spec,
                                          const BuildScratch* scratch, const Host& host,
                                          const Context& context, std::atomic<uint64_t>* rows_done,
                                          const DiskannSource& source) {
  const auto& params = std::get<DiskannParams>(spec.params);
  DiskannParts parts;
  parts.layout = DiskannLayout::Of(view.num_rows, view.dim, DiskannDegree(params));
  VECDB_ASSIGN_OR_RETURN(OrderedGraph graph, BuildGraph(view, spec, parts.layout, scratch, source,
                                                        host, context, rows_done));
  parts.entry_row = graph.entry_row;
  VECDB_ASSIGN_OR_RETURN(parts.places, PlacesOf(graph.rows, host));
  const codec::CodecSpec codec = DiskannCodecSpec(spec, view.dim);
  VECDB_ASSIGN_OR_RETURN(parts.codes,
                         RowCodes::Build(view, codec, host, context, RowsToLearnFrom(codec, host)));
  VECDB_ASSIGN_OR_RETURN(parts.bounds, CodeBounds::Build(view, parts.codes, host, context));
  const auto pages = std::make_shared<BuiltPages>(parts.layout, std::move(graph.links),
                                                  std::move(graph.rows), view, host);
  parts.pages = pages;
  if (NumCachedPages(params, parts.layout) == 0) return parts;
  const absl::Status ordered = OrderByTraffic(view, spec, pages.get(), &parts, host, context);
  if (!ordered.ok() && !absl::IsResourceExhausted(ordered)) return ordered;
  return parts;
}

}  // namespace vecdb::index
