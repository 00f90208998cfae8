#include "index/diskann_builder.h"

#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "index/diskann_order.h"
#include "index/vamana_builder.h"

namespace vecdb::index {
namespace {

constexpr int32_t kLeastDimOfCodes = 64;

absl::StatusOr<HnswGraph> BuildGraph(const VectorView& view, const IndexSpec& spec,
                                     const Host& host, const Context& context,
                                     std::atomic<uint64_t>* rows_done) {
  const auto& params = std::get<DiskannParams>(spec.params);
  std::optional<RowCodes> codes;
  if (BuildsOnCodes(view.dim)) {
    VECDB_ASSIGN_OR_RETURN(codes, RowCodes::Build(view,
                                                  {.kind = codec::CodecKind::kSq8,
                                                   .metric = spec.metric,
                                                   .dim = view.dim,
                                                   .seed = params.seed},
                                                  host, context));
  }
  return BuildVamana(view, spec.metric,
                     {.max_degree = static_cast<uint32_t>(params.max_degree),
                      .search_list_size = static_cast<size_t>(params.search_list_size),
                      .seed = params.seed},
                     codes.has_value() ? &*codes : nullptr, host, context, rows_done);
}

}  // namespace

bool BuildsOnCodes(int32_t dim) { return dim >= kLeastDimOfCodes; }

absl::StatusOr<DiskannParts> BuildDiskann(const VectorView& view, const IndexSpec& spec,
                                          const Host& host, const Context& context,
                                          std::atomic<uint64_t>* rows_done) {
  VECDB_ASSIGN_OR_RETURN(HnswGraph graph, BuildGraph(view, spec, host, context, rows_done));
  DiskannParts parts;
  parts.layout = DiskannLayout::Of(view.num_rows, view.dim, static_cast<uint32_t>(graph.degree(0)));
  parts.entry_row = graph.entry_row;
  VECDB_ASSIGN_OR_RETURN(base::LargeBuffer rows, OrderRows(graph, parts.layout, host, context));
  VECDB_ASSIGN_OR_RETURN(parts.places, PlacesOf(rows, host));
  VECDB_ASSIGN_OR_RETURN(parts.codes,
                         RowCodes::Build(view, DiskannCodecSpec(spec, view.dim), host, context));
  parts.pages =
      std::make_unique<BuiltPages>(parts.layout, std::move(graph), std::move(rows), view, host);
  return parts;
}

}  // namespace vecdb::index
