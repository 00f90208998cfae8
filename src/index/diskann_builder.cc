#include "index/diskann_builder.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "codec/product_codec.h"
#include "index/diskann_graph.h"
#include "index/diskann_order.h"
#include "index/diskann_traffic.h"
#include "index/partitioned_graph.h"

namespace vecdb::index {
namespace {

constexpr size_t kLeastRowsLearntFrom = 2048;

// Nothing where the graph of all rows fits, or where parts would not either: its build then says
// what does not.
std::optional<PartitionPlan> PlanOf(const VectorView& view, const IndexSpec& spec,
                                    const BuildScratch* scratch, const Host& host) {
  if (scratch == nullptr || host.budget == nullptr) return std::nullopt;
  const uint64_t num_strands = base::MaxStrands(host.executor);
  const uint64_t free_bytes = host.budget->FreeBytes();
  const auto& params = std::get<DiskannParams>(spec.params);
  const auto code_bytes = static_cast<uint64_t>(DiskannCodecSpec(spec, view.dim).pq_m);
  const uint64_t beside = view.num_rows * (2 * sizeof(uint32_t) + code_bytes);
  const uint64_t graph = DiskannGraphBytes(view.num_rows, view.dim, params, num_strands);
  if (graph + beside <= free_bytes) return std::nullopt;
  return PlanPartitions(view.num_rows, view.dim, spec, num_strands, free_bytes);
}

absl::StatusOr<OrderedGraph> BuildGraph(const VectorView& view, const IndexSpec& spec,
                                        const DiskannLayout& layout, const BuildScratch* scratch,
                                        const Host& host, const Context& context,
                                        std::atomic<uint64_t>* rows_done) {
  if (const std::optional<PartitionPlan> plan = PlanOf(view, spec, scratch, host)) {
    return BuildPartitionedGraph(view, spec, *plan, *scratch, host, context, rows_done);
  }
  VECDB_ASSIGN_OR_RETURN(HnswGraph graph, BuildDiskannGraph(view, spec, host, context, rows_done));
  OrderedGraph ordered{.entry_row = graph.entry_row};
  VECDB_ASSIGN_OR_RETURN(ordered.rows, OrderRows(graph, layout, host, context));
  ordered.links = std::make_unique<GraphLinks>(std::move(graph));
  return ordered;
}

// Rows that the codec of the walk is learnt from, where memory is limited.
size_t RowsToLearnFrom(const VectorView& view, const codec::CodecSpec& spec, const Host& host) {
  size_t rows = RowCodes::kMostSampledRows;
  if (host.budget == nullptr) return rows;
  const uint64_t free_bytes = host.budget->FreeBytes();
  const uint64_t row_bytes = static_cast<uint64_t>(view.dim) * sizeof(float);
  const uint64_t num_strands = base::MaxStrands(host.executor);
  const auto needs = [&] {
    return rows * row_bytes + codec::ProductTrainingBytes(rows, spec, num_strands);
  };
  while (rows > kLeastRowsLearntFrom && needs() > free_bytes) rows /= 2;
  return rows;
}

}  // namespace

absl::StatusOr<DiskannParts> BuildDiskann(const VectorView& view, const IndexSpec& spec,
                                          const BuildScratch* scratch, const Host& host,
                                          const Context& context,
                                          std::atomic<uint64_t>* rows_done) {
  const auto& params = std::get<DiskannParams>(spec.params);
  DiskannParts parts;
  parts.layout = DiskannLayout::Of(view.num_rows, view.dim, DiskannDegree(params));
  VECDB_ASSIGN_OR_RETURN(OrderedGraph graph,
                         BuildGraph(view, spec, parts.layout, scratch, host, context, rows_done));
  parts.entry_row = graph.entry_row;
  VECDB_ASSIGN_OR_RETURN(parts.places, PlacesOf(graph.rows, host));
  const codec::CodecSpec codec = DiskannCodecSpec(spec, view.dim);
  VECDB_ASSIGN_OR_RETURN(
      parts.codes, RowCodes::Build(view, codec, host, context, RowsToLearnFrom(view, codec, host)));
  const auto pages = std::make_shared<BuiltPages>(parts.layout, std::move(graph.links),
                                                  std::move(graph.rows), view, host);
  parts.pages = pages;
  if (NumCachedPages(params, parts.layout) == 0) return parts;
  VECDB_ASSIGN_OR_RETURN(const std::vector<uint32_t> order,
                         PagesByTraffic(view, spec, &parts, host, context));
  VECDB_RETURN_IF_ERROR(pages->Renumber(order));
  VECDB_ASSIGN_OR_RETURN(parts.places, PlacesOf(pages->rows(), host));
  return parts;
}

}  // namespace vecdb::index
