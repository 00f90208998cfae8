#include "index/vector_index.h"

#include <optional>
#include <utility>
#include <variant>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "index/diskann_builder.h"
#include "index/diskann_file.h"
#include "index/diskann_index.h"
#include "index/flat_index.h"
#include "index/hnsw_builder.h"
#include "index/hnsw_file.h"
#include "index/hnsw_index.h"
#include "index/index_meta.h"
#include "index/ivf_builder.h"
#include "index/ivf_file.h"
#include "index/ivf_index.h"
#include "index/row_codes.h"
#include "schema/index_params.h"

namespace vecdb::index {
namespace {

uint64_t SeedOf(const IndexSpec& spec) {
  const auto* hnsw = std::get_if<HnswParams>(&spec.params);
  return hnsw != nullptr ? hnsw->seed : IvfShapeOf(spec).seed;
}

codec::CodecSpec CodesOfKind(codec::CodecKind kind, const IndexSpec& spec, int32_t dim) {
  return {.kind = kind, .metric = spec.metric, .dim = dim, .seed = SeedOf(spec)};
}

GraphSource GraphOf(const IndexSource& source, const IndexSpec& spec) {
  const auto* const index = dynamic_cast<const HnswIndex*>(source.index);
  if (index == nullptr || index->spec() != spec) return {};
  return {.graph = &index->graph(), .rows = source.rows};
}

DiskannSource PagesOf(const IndexSource& source, const IndexSpec& spec) {
  const auto* const index = dynamic_cast<const DiskannIndex*>(source.index);
  if (index == nullptr || index->spec() != spec) return {};
  return {.parts = &index->parts(), .rows = source.rows};
}

}  // namespace

std::optional<codec::CodecSpec> WalkedSpec(const IndexSpec& spec, int32_t dim) {
  switch (schema::EffectiveHnswCoding(std::get<HnswParams>(spec.params), dim).codec) {
    case HnswCodec::kFloat16:
      return CodesOfKind(codec::CodecKind::kFloat16, spec, dim);
    case HnswCodec::kSq8:
      return CodesOfKind(codec::CodecKind::kSq8, spec, dim);
    case HnswCodec::kSq4:
      return CodesOfKind(codec::CodecKind::kSq4, spec, dim);
    case HnswCodec::kRabitq:
      return CodesOfKind(codec::CodecKind::kRabitq, spec, dim);
    case HnswCodec::kAuto:
    case HnswCodec::kFloat32:
      break;
  }
  return std::nullopt;
}

std::optional<codec::CodecSpec> CopiesSpec(const IndexSpec& spec, int32_t dim) {
  switch (schema::EffectiveRefine(spec, dim)) {
    case Refine::kFloat16:
      return CodesOfKind(codec::CodecKind::kFloat16, spec, dim);
    case Refine::kSq8:
      return CodesOfKind(codec::CodecKind::kSq8, spec, dim);
    case Refine::kAuto:
    case Refine::kNone:
    case Refine::kFloat32:
      break;
  }
  return std::nullopt;
}

namespace {

absl::StatusOr<std::optional<RowCodes>> BuildCodes(const std::optional<codec::CodecSpec>& spec,
                                                   const VectorView& view, const Host& host,
                                                   const Context& context) {
  std::optional<RowCodes> codes;
  if (!spec.has_value()) return codes;
  VECDB_ASSIGN_OR_RETURN(codes, RowCodes::Build(view, *spec, host, context));
  return codes;
}

// Graphs from before there were codes are walked on the rows; their codec is read as kAuto.
bool IsFromBeforeCodes(const format::SectionFile& file, const IndexMeta& meta) {
  const auto* hnsw = std::get_if<HnswParams>(&meta.spec.params);
  return hnsw != nullptr && hnsw->codec == HnswCodec::kAuto && !file.Has(kWalkCodesTags.head);
}

absl::StatusOr<std::optional<RowCodes>> ReadCodes(const std::optional<codec::CodecSpec>& spec,
                                                  const RowCodesTags& tags,
                                                  const format::SectionFile& file,
                                                  const IndexMeta& meta, const Host& host,
                                                  const Context& context) {
  std::optional<RowCodes> codes;
  if (!spec.has_value() || IsFromBeforeCodes(file, meta)) return codes;
  VECDB_ASSIGN_OR_RETURN(codes, RowCodes::Read(file, tags, *spec, meta.num_rows, host, context));
  return codes;
}

absl::Status CheckRowsAreInMemory(const format::SectionFile& file, const VectorView& view) {
  if (view.rows != nullptr || view.num_rows == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      base::StrFormat("%s: a graph without codes is walked on its %d rows, which are not in memory",
                      file.path(), view.num_rows));
}

}  // namespace

absl::Status VectorIndex::SearchBatch(std::span<const RowQuery> queries, const Context& context,
                                      std::span<std::vector<Candidate>> out) const {
  for (size_t i = 0; i < queries.size(); ++i) {
    VECDB_RETURN_IF_ERROR(Search(queries[i], context, &out[i]));
  }
  return absl::OkStatus();
}

bool NeedsRowsInMemory(const IndexSpec& spec, int32_t dim) {
  if (const auto* hnsw = std::get_if<HnswParams>(&spec.params)) {
    return schema::EffectiveHnswCoding(*hnsw, dim).codec == HnswCodec::kFloat32;
  }
  return !std::holds_alternative<DiskannParams>(spec.params) &&
         !std::holds_alternative<IvfSq8Params>(spec.params) &&
         !std::holds_alternative<IvfPqParams>(spec.params);
}

absl::StatusOr<bool> NeedsRowsInMemory(const format::SectionFile& file, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const IndexMeta meta, ReadIndexMeta(file, context));
  return NeedsRowsInMemory(meta.spec, meta.dim) || IsFromBeforeCodes(file, meta);
}

std::span<const uint32_t> VectorIndexTags() {
  static constexpr uint32_t kTags[] = {kMetaTag,
                                       kHnswTag,
                                       kBaseLinksTag,
                                       kUpperRowsTag,
                                       kUpperLinksTag,
                                       kIvfHeadTag,
                                       kIvfCentroidsTag,
                                       kIvfSizesTag,
                                       kIvfRowsTag,
                                       kIvfCodesTag,
                                       kIvfTermsTag,
                                       kIvfKindTag,
                                       kDiskannHeadTag,
                                       kDiskannPlacesTag,
                                       kDiskannPagesTag,
                                       kCodeBoundsTag,
                                       kWalkCodesTags.head,
                                       kWalkCodesTags.codes,
                                       kRefineCodesTags.head,
                                       kRefineCodesTags.codes};
  return kTags;
}

absl::StatusOr<std::unique_ptr<VectorIndex>> BuildVectorIndex(
    const VectorView& view, const IndexSpec& spec, const Host& host, const Context& context,
    std::atomic<uint64_t>* rows_done, const IndexSource& source, const BuildScratch* scratch) {
  if (IsIvf(spec)) {
    VECDB_ASSIGN_OR_RETURN(IvfLists lists, BuildIvf(view, spec, host, context, rows_done));
    VECDB_ASSIGN_OR_RETURN(std::optional<RowCodes> copies,
                           BuildCodes(CopiesSpec(spec, view.dim), view, host, context));
    return std::make_unique<IvfIndex>(view, spec, std::move(lists), std::move(copies), host);
  }
  if (std::holds_alternative<DiskannParams>(spec.params)) {
    VECDB_ASSIGN_OR_RETURN(DiskannParts parts, BuildDiskann(view, spec, scratch, host, context,
                                                            rows_done, PagesOf(source, spec)));
    return std::make_unique<DiskannIndex>(view, spec, std::move(parts), host);
  }
  const auto* hnsw = std::get_if<HnswParams>(&spec.params);
  if (hnsw == nullptr) return std::make_unique<FlatIndex>(view, spec);
  std::optional<HnswCodes> codes;
  VECDB_ASSIGN_OR_RETURN(std::optional<RowCodes> walked,
                         BuildCodes(WalkedSpec(spec, view.dim), view, host, context));
  if (walked.has_value()) {
    codes.emplace(HnswCodes{.walked = *std::move(walked)});
    VECDB_ASSIGN_OR_RETURN(codes->copies,
                           BuildCodes(CopiesSpec(spec, view.dim), view, host, context));
  }
  VECDB_ASSIGN_OR_RETURN(
      HnswGraph graph,
      BuildHnswGraph(view, spec.metric, *hnsw, codes.has_value() ? &codes->walked : nullptr, host,
                     context, rows_done, GraphOf(source, spec)));
  return std::make_unique<HnswIndex>(view, spec, std::move(graph), std::move(codes), host);
}

absl::StatusOr<std::unique_ptr<VectorIndex>> LoadVectorIndex(const format::SectionFile& file,
                                                             const VectorView& view,
                                                             const Host& host,
                                                             const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const IndexMeta meta, ReadIndexMeta(file, context));
  if (meta.num_rows != view.num_rows || meta.dim != view.dim) {
    return file.Damaged(base::StrFormat("an index of %d rows of dim %d; there are %d of dim %d",
                                        meta.num_rows, meta.dim, view.num_rows, view.dim));
  }
  if (IsIvf(meta.spec)) {
    VECDB_ASSIGN_OR_RETURN(IvfLists lists, ReadIvfLists(file, meta, host, context));
    VECDB_ASSIGN_OR_RETURN(
        std::optional<RowCodes> copies,
        ReadCodes(CopiesSpec(meta.spec, meta.dim), kRefineCodesTags, file, meta, host, context));
    return std::make_unique<IvfIndex>(view, meta.spec, std::move(lists), std::move(copies), host);
  }
  if (std::holds_alternative<DiskannParams>(meta.spec.params)) {
    VECDB_ASSIGN_OR_RETURN(DiskannParts parts, ReadDiskann(file, meta, host, context));
    return std::make_unique<DiskannIndex>(view, meta.spec, std::move(parts), host);
  }
  const auto* hnsw = std::get_if<HnswParams>(&meta.spec.params);
  if (hnsw == nullptr) return std::make_unique<FlatIndex>(view, meta.spec);
  VECDB_ASSIGN_OR_RETURN(
      HnswGraph graph,
      ReadHnswGraph(file, view.num_rows, static_cast<uint32_t>(hnsw->m), host, context));
  std::optional<HnswCodes> codes;
  VECDB_ASSIGN_OR_RETURN(
      std::optional<RowCodes> walked,
      ReadCodes(WalkedSpec(meta.spec, meta.dim), kWalkCodesTags, file, meta, host, context));
  if (walked.has_value()) {
    codes.emplace(HnswCodes{.walked = *std::move(walked)});
    VECDB_ASSIGN_OR_RETURN(codes->copies, ReadCodes(CopiesSpec(meta.spec, meta.dim),
                                                    kRefineCodesTags, file, meta, host, context));
  } else {
    VECDB_RETURN_IF_ERROR(CheckRowsAreInMemory(file, view));
  }
  return std::make_unique<HnswIndex>(view, meta.spec, std::move(graph), std::move(codes), host);
}

}  // namespace vecdb::index
