#include "index/vector_index.h"

#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "index/flat_index.h"
#include "index/hnsw_builder.h"
#include "index/hnsw_file.h"
#include "index/hnsw_index.h"
#include "index/index_meta.h"
#include "index/ivf_builder.h"
#include "index/ivf_file.h"
#include "index/ivf_index.h"

namespace vecdb::index {

absl::Status VectorIndex::SearchBatch(std::span<const RowQuery> queries, const Context& context,
                                      std::span<std::vector<Candidate>> out) const {
  for (size_t i = 0; i < queries.size(); ++i) {
    VECDB_RETURN_IF_ERROR(Search(queries[i], context, &out[i]));
  }
  return absl::OkStatus();
}

std::span<const uint32_t> VectorIndexTags() {
  static constexpr uint32_t kTags[] = {
      kMetaTag,         kHnswTag,     kBaseLinksTag, kUpperRowsTag, kUpperLinksTag, kIvfHeadTag,
      kIvfCentroidsTag, kIvfSizesTag, kIvfRowsTag,   kIvfCodesTag,  kIvfKindTag};
  return kTags;
}

absl::StatusOr<std::unique_ptr<VectorIndex>> BuildVectorIndex(const VectorView& view,
                                                              const IndexSpec& spec,
                                                              const Host& host,
                                                              const Context& context) {
  if (IsIvf(spec)) {
    VECDB_ASSIGN_OR_RETURN(IvfLists lists, BuildIvf(view, spec, host, context));
    return std::make_unique<IvfIndex>(view, spec, std::move(lists), host);
  }
  const auto* hnsw = std::get_if<HnswParams>(&spec.params);
  if (hnsw == nullptr) return std::make_unique<FlatIndex>(view, spec);
  VECDB_ASSIGN_OR_RETURN(HnswGraph graph, BuildHnswGraph(view, spec.metric, *hnsw, host, context));
  return std::make_unique<HnswIndex>(view, spec, std::move(graph), host);
}

absl::StatusOr<std::unique_ptr<VectorIndex>> LoadVectorIndex(const format::SectionFile& file,
                                                             const VectorView& view,
                                                             const Host& host,
                                                             const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const IndexMeta meta, ReadIndexMeta(file, context));
  if (meta.num_rows != view.num_rows || meta.dim != view.dim) {
    return file.Damaged(absl::StrFormat("an index of %d rows of dim %d; there are %d of dim %d",
                                        meta.num_rows, meta.dim, view.num_rows, view.dim));
  }
  if (IsIvf(meta.spec)) {
    VECDB_ASSIGN_OR_RETURN(IvfLists lists, ReadIvfLists(file, meta, host, context));
    return std::make_unique<IvfIndex>(view, meta.spec, std::move(lists), host);
  }
  const auto* hnsw = std::get_if<HnswParams>(&meta.spec.params);
  if (hnsw == nullptr) return std::make_unique<FlatIndex>(view, meta.spec);
  VECDB_ASSIGN_OR_RETURN(
      HnswGraph graph,
      ReadHnswGraph(file, view.num_rows, static_cast<uint32_t>(hnsw->m), host, context));
  return std::make_unique<HnswIndex>(view, meta.spec, std::move(graph), host);
}

}  // namespace vecdb::index
