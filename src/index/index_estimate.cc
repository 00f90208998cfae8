#include "index/index_estimate.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/split_mix.h"
#include "base/status_macros.h"
#include "codec/codec.h"
#include "codec/product_codec.h"
#include "index/diskann_file.h"
#include "index/diskann_graph.h"
#include "index/ivf_builder.h"
#include "index/ivf_lists.h"
#include "index/row_codes.h"
#include "index/vector_index.h"
#include "schema/index_params.h"

namespace vecdb::index {
namespace {

// As many as the largest codebook has words: with fewer rows it would have fewer.
constexpr size_t kMadeUpRows = 256;
constexpr uint64_t kWordsOfByte = 256;

struct CodecSize {
  uint64_t code_bytes = 0;
  uint64_t codec_bytes = 0;
};

absl::StatusOr<CodecSize> SizeOf(const std::optional<codec::CodecSpec>& spec, uint64_t num_rows,
                                 const Context& context) {
  if (!spec.has_value()) return CodecSize();
  const auto dim = static_cast<size_t>(spec->dim);
  const size_t count = std::min<uint64_t>(kMadeUpRows, num_rows);
  std::vector<float> rows(count * dim);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<float>(base::MixBits(i) >> 40) * 0x1p-24f;
  }
  VECDB_ASSIGN_OR_RETURN(
      const std::unique_ptr<codec::Codec> codec,
      codec::TrainCodec(*spec, {.rows = rows.data(), .count = count}, {}, context));
  return CodecSize{codec->code_bytes(), codec->memory_bytes()};
}

uint64_t GraphBytes(uint64_t num_rows, uint64_t m) {
  const uint64_t named = num_rows / m;
  const uint64_t upper_nodes = num_rows / std::max<uint64_t>(1, m - 1);
  return (num_rows * 2 * m + named + upper_nodes * m) * sizeof(uint32_t);
}

// The most that is held while rows are coded and then linked.
uint64_t GraphBuildPeak(uint64_t num_rows, int32_t dim, uint64_t walked_bytes, uint64_t index_bytes,
                        bool has_copies, uint64_t num_strands) {
  // The place of every row in the order, and a mark of every row for each thread.
  const uint64_t linking = index_bytes + num_rows * (sizeof(uint64_t) + num_strands);
  if (walked_bytes == 0) return linking;
  const uint64_t sample = RowCodes::SampleBytes(num_rows, dim);
  return std::max(linking, has_copies ? walked_bytes + sample : sample);
}

absl::StatusOr<IndexEstimate> EstimateGraph(uint64_t num_rows, int32_t dim, const IndexSpec& spec,
                                            uint64_t num_strands, const Context& context) {
  const auto m = static_cast<uint64_t>(std::get<HnswParams>(spec.params).m);
  VECDB_ASSIGN_OR_RETURN(const CodecSize walked, SizeOf(WalkedSpec(spec, dim), num_rows, context));
  VECDB_ASSIGN_OR_RETURN(const CodecSize copies, SizeOf(CopiesSpec(spec, dim), num_rows, context));
  const uint64_t walked_bytes = walked.code_bytes * num_rows + walked.codec_bytes;
  IndexEstimate estimate;
  estimate.index_bytes =
      GraphBytes(num_rows, m) + walked_bytes + copies.code_bytes * num_rows + copies.codec_bytes;
  estimate.build_peak_bytes = GraphBuildPeak(num_rows, dim, walked_bytes, estimate.index_bytes,
                                             copies.code_bytes > 0, num_strands);
  return estimate;
}

// A code, its error, and the place in the pages.
uint64_t DiskannRowBytes(const DiskannParams& params, int32_t dim) {
  return static_cast<uint64_t>(schema::EffectiveCodeParts(params, dim)) + sizeof(uint8_t) +
         sizeof(uint32_t);
}

uint64_t DiskannCacheBytes(const DiskannParams& params, uint64_t num_rows, int32_t dim) {
  const DiskannLayout layout =
      DiskannLayout::Of(static_cast<uint32_t>(num_rows), dim, DiskannDegree(params));
  return uint64_t{NumCachedPages(params, layout)} * layout.page_bytes;
}

absl::StatusOr<IndexEstimate> EstimateDiskann(uint64_t num_rows, int32_t dim, const IndexSpec& spec,
                                              uint64_t num_strands, const Context& context) {
  const auto& params = std::get<DiskannParams>(spec.params);
  VECDB_ASSIGN_OR_RETURN(const CodecSize size,
                         SizeOf(DiskannCodecSpec(spec, dim), num_rows, context));
  IndexEstimate estimate;
  const uint64_t codes = DiskannRowBytes(params, dim) * num_rows + size.codec_bytes;
  estimate.index_bytes = codes + DiskannCacheBytes(params, num_rows, dim);
  const uint64_t graph = num_rows * DiskannDegree(params) * sizeof(uint32_t);
  const uint64_t linking = DiskannGraphBytes(num_rows, dim, params, num_strands);
  const uint64_t sample = RowCodes::SampleBytes(num_rows, dim);
  const uint64_t sampled = sample / (static_cast<uint64_t>(dim) * sizeof(float));
  const uint64_t training =
      sample + codec::ProductTrainingBytes(sampled, DiskannCodecSpec(spec, dim), num_strands);
  const uint64_t coding = graph + 2 * num_rows * sizeof(uint32_t) + std::max(codes, training);
  estimate.build_peak_bytes = std::max(linking, coding);
  return estimate;
}

// Of the lists without copies.
uint64_t ListBytes(uint64_t num_rows, uint64_t nlist, int32_t dim, const CodecSize& size,
                   const codec::CodecSpec& spec, bool has_terms) {
  const uint64_t block_rows = IvfBlockRows(spec);
  // A list is filled up to whole blocks and to the next cache line: by half of one on average.
  const uint64_t filling = (block_rows - 1) * size.code_bytes / 2 + kListAlignment / 2;
  const uint64_t of_list = 2 * static_cast<uint64_t>(dim) * sizeof(float) + sizeof(float) +
                           sizeof(uint32_t) + sizeof(uint64_t) + filling;
  const uint64_t of_row = sizeof(uint32_t) + size.code_bytes + (has_terms ? sizeof(float) : 0);
  return num_rows * of_row + nlist * of_list + size.codec_bytes;
}

absl::StatusOr<IndexEstimate> EstimateLists(uint64_t num_rows, int32_t dim, const IndexSpec& spec,
                                            uint64_t num_strands, const Context& context) {
  const uint64_t nlist = EffectiveNlist(IvfShapeOf(spec).nlist, static_cast<uint32_t>(num_rows));
  const codec::CodecSpec lists = IvfCodecSpec(spec, dim);
  VECDB_ASSIGN_OR_RETURN(const CodecSize size, SizeOf(lists, num_rows, context));
  VECDB_ASSIGN_OR_RETURN(const CodecSize copies, SizeOf(CopiesSpec(spec, dim), num_rows, context));
  IndexEstimate estimate;
  const uint64_t list_bytes =
      ListBytes(num_rows, nlist, dim, size, lists,
                IvfHasResiduals(spec) && IvfIsPacked(lists) && spec.metric == Metric::kL2);
  estimate.index_bytes = list_bytes + copies.code_bytes * num_rows + copies.codec_bytes;
  if (nlist > kMostComparedLists) estimate.index_bytes += GraphBytes(nlist, kListGraphM);
  const uint64_t filling = list_bytes + num_rows * sizeof(uint32_t);
  estimate.build_peak_bytes = std::max(
      {estimate.index_bytes, filling, IvfTrainingBytes(num_rows, dim, spec, nlist, num_strands)});
  return estimate;
}

}  // namespace

uint64_t CopiesBytes(uint64_t num_rows, int32_t dim, const IndexSpec& spec) {
  const std::optional<codec::CodecSpec> copies = CopiesSpec(spec, dim);
  if (!copies.has_value()) return 0;
  const uint64_t numbers = num_rows * static_cast<uint64_t>(dim);
  switch (copies->kind) {
    case codec::CodecKind::kFloat32:
      return 4 * numbers;
    case codec::CodecKind::kFloat16:
      return 2 * numbers;
    default:
      return numbers;
  }
}

uint64_t BytesBesideFile(uint64_t num_rows, int32_t dim, const IndexSpec& spec) {
  if (const auto* diskann = std::get_if<DiskannParams>(&spec.params)) {
    // Words as they are, in panels to find the nearest and in panels to make tables; two norms.
    const auto parts = static_cast<uint64_t>(schema::EffectiveCodeParts(*diskann, dim));
    return kWordsOfByte * (3 * static_cast<uint64_t>(dim) + 2 * parts) * sizeof(float);
  }
  if (!IsIvf(spec)) return 0;
  const auto floats = static_cast<uint64_t>(dim);
  const uint64_t nlist = EffectiveNlist(IvfShapeOf(spec).nlist, static_cast<uint32_t>(num_rows));
  uint64_t bytes = nlist * (floats + 1) * sizeof(float);
  const codec::CodecSpec lists = IvfCodecSpec(spec, dim);
  if (lists.kind == codec::CodecKind::kPq) {
    const uint64_t words = uint64_t{1} << lists.pq_bits;
    bytes += 2 * words * (floats + static_cast<uint64_t>(lists.pq_m)) * sizeof(float);
  }
  return bytes;
}

uint64_t LoadedFileBytes(uint64_t file_bytes, uint64_t num_rows, int32_t dim,
                         const IndexSpec& spec) {
  const auto* diskann = std::get_if<DiskannParams>(&spec.params);
  if (diskann == nullptr) return file_bytes;
  return DiskannRowBytes(*diskann, dim) * num_rows + DiskannCacheBytes(*diskann, num_rows, dim);
}

absl::StatusOr<IndexEstimate> Estimate(uint64_t num_rows, int32_t dim, const IndexSpec& spec,
                                       uint64_t num_strands, const Context& context) {
  IndexEstimate estimate;
  if (num_rows > 0 && IsIvf(spec)) {
    VECDB_ASSIGN_OR_RETURN(estimate, EstimateLists(num_rows, dim, spec, num_strands, context));
  } else if (num_rows > 0 && std::holds_alternative<DiskannParams>(spec.params)) {
    VECDB_ASSIGN_OR_RETURN(estimate, EstimateDiskann(num_rows, dim, spec, num_strands, context));
  } else if (num_rows > 0 && std::holds_alternative<HnswParams>(spec.params)) {
    VECDB_ASSIGN_OR_RETURN(estimate, EstimateGraph(num_rows, dim, spec, num_strands, context));
  }
  const uint64_t norm_bytes = spec.metric == Metric::kCosine ? sizeof(float) : 0;
  const uint64_t row_bytes = static_cast<uint64_t>(dim) * sizeof(float) + norm_bytes;
  if (NeedsRowsInMemory(spec, dim)) estimate.vector_bytes = num_rows * row_bytes;
  return estimate;
}

}  // namespace vecdb::index
