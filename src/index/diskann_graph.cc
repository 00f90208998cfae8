#include "index/diskann_graph.h"

#include <algorithm>
#include <optional>

#include "base/status_macros.h"
#include "index/row_codes.h"
#include "index/vamana_builder.h"

namespace vecdb::index {
namespace {

constexpr int32_t kLeastDimOfCodes = 64;

VamanaParams ParamsOf(const DiskannParams& params) {
  return {.max_degree = static_cast<uint32_t>(params.max_degree),
          .search_list_size = static_cast<size_t>(params.search_list_size),
          .seed = params.seed};
}

}  // namespace

bool BuildsOnCodes(int32_t dim) { return dim >= kLeastDimOfCodes; }

absl::StatusOr<HnswGraph> BuildDiskannGraph(const VectorView& view, const IndexSpec& spec,
                                            const Host& host, const Context& context,
                                            std::atomic<uint64_t>* rows_done,
                                            const GraphSource& source) {
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
  return BuildVamana(view, spec.metric, ParamsOf(params), codes.has_value() ? &*codes : nullptr,
                     host, context, rows_done, source);
}

uint64_t DiskannGraphBytes(uint64_t num_rows, int32_t dim, const DiskannParams& params,
                           uint64_t num_strands) {
  const uint64_t linking = VamanaBytes(num_rows, ParamsOf(params), num_strands);
  if (!BuildsOnCodes(dim)) return linking;
  const uint64_t codes = num_rows * static_cast<uint64_t>(dim);
  return codes + std::max(linking, RowCodes::SampleBytes(num_rows, dim));
}

}  // namespace vecdb::index
