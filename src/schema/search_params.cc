#include "schema/search_params.h"

#include <algorithm>
#include <string_view>
#include <variant>

#include "base/str_format.h"
#include "schema/target_recall.h"

namespace vecdb::schema {
namespace {

constexpr int32_t kDefaultEf = 64;
constexpr int32_t kDefaultSearchList = 16;  // as in Milvus
constexpr double kDefaultRefineKOfGraph = kMaxRefineK;
constexpr double kDefaultRefineKOfSq8 = 2;
constexpr double kDefaultRefineKOfPq = 8;

absl::Status ForAnotherIndex(std::string_view type, const IndexSpec& spec) {
  return absl::InvalidArgumentError(
      base::StrFormat("the search has parameters for %s; the index is %s", type, spec.type_name()));
}

// The refine_k that an index of `spec` has when none is given; 0 without refine.
double DefaultRefineK(const IndexSpec& spec) {
  if (const auto* hnsw = std::get_if<HnswParams>(&spec.params)) {
    if (hnsw->codec == HnswCodec::kFloat32 || hnsw->refine == Refine::kNone) return 0;
    return kDefaultRefineKOfGraph;
  }
  if (const auto* sq8 = std::get_if<IvfSq8Params>(&spec.params)) {
    return sq8->refine == Refine::kNone ? 0 : kDefaultRefineKOfSq8;
  }
  if (const auto* pq = std::get_if<IvfPqParams>(&spec.params)) {
    return pq->refine == Refine::kNone ? 0 : kDefaultRefineKOfPq;
  }
  return 0;
}

bool IsIvf(const IndexSpec& spec) {
  return std::holds_alternative<IvfFlatParams>(spec.params) ||
         std::holds_alternative<IvfSq8Params>(spec.params) ||
         std::holds_alternative<IvfPqParams>(spec.params);
}

absl::Status CheckRefineK(const IndexSpec& spec, float refine_k) {
  if (refine_k == 0) return absl::OkStatus();
  // Written so that NaN is out of range.
  if (!(refine_k >= 1 && refine_k <= kMaxRefineK)) {
    return absl::InvalidArgumentError(base::StrFormat(
        "refine_k is %g; the range is 1 to %g, or 0 for the default", refine_k, kMaxRefineK));
  }
  if (refine_k == 1 || DefaultRefineK(spec) != 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("refine_k is %g; the index was built without refine", refine_k));
}

absl::Status CheckParamsFor(const IndexSpec&, std::monostate, int32_t) { return absl::OkStatus(); }

absl::Status CheckParamsFor(const IndexSpec& spec, const HnswSearchParams& hnsw, int32_t k) {
  if (!std::holds_alternative<HnswParams>(spec.params)) return ForAnotherIndex("HNSW", spec);
  if (hnsw.ef != 0 && (hnsw.ef < k || hnsw.ef > kMaxEf)) {
    return absl::InvalidArgumentError(base::StrFormat(
        "ef is %d; the range is %d to %d, from the rows wanted upwards, or 0 for the default",
        hnsw.ef, k, kMaxEf));
  }
  return CheckRefineK(spec, hnsw.refine_k);
}

absl::Status CheckParamsFor(const IndexSpec& spec, const IvfSearchParams& ivf, int32_t /*k*/) {
  if (!IsIvf(spec)) return ForAnotherIndex("IVF", spec);
  if (ivf.nprobe < 1 || ivf.nprobe > kMaxNprobe) {
    return absl::InvalidArgumentError(
        base::StrFormat("nprobe is %d; the range is 1 to %d", ivf.nprobe, kMaxNprobe));
  }
  return CheckRefineK(spec, ivf.refine_k);
}

absl::Status CheckParamsFor(const IndexSpec& spec, const DiskannSearchParams& diskann, int32_t k) {
  if (!std::holds_alternative<DiskannParams>(spec.params)) return ForAnotherIndex("DISKANN", spec);
  if (diskann.search_list != 0 &&
      (diskann.search_list < k || diskann.search_list > kMaxSearchList)) {
    return absl::InvalidArgumentError(base::StrFormat(
        "search_list is %d; the range is %d to %d, from the rows wanted upwards, or "
        "0 for the default",
        diskann.search_list, k, kMaxSearchList));
  }
  if (diskann.beamwidth >= 1 && diskann.beamwidth <= kMaxBeamwidth) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("beamwidth is %d; the range is 1 to %d", diskann.beamwidth, kMaxBeamwidth));
}

absl::Status CheckParamsFor(const IndexSpec&, const TargetRecall& target, int32_t) {
  return CheckTargetRecall(target);
}

}  // namespace

absl::Status ValidateSearchParams(const IndexSpec& spec, const SearchParams& params, int32_t k) {
  return std::visit([&](const auto& one) { return CheckParamsFor(spec, one, k); }, params);
}

int32_t EffectiveEf(const SearchParams& params, int32_t k) {
  const auto* hnsw = std::get_if<HnswSearchParams>(&params);
  return hnsw != nullptr && hnsw->ef != 0 ? hnsw->ef : std::max(k, kDefaultEf);
}

int32_t EffectiveNprobe(const SearchParams& params) {
  const auto* ivf = std::get_if<IvfSearchParams>(&params);
  return ivf != nullptr ? ivf->nprobe : IvfSearchParams{}.nprobe;
}

int32_t EffectiveSearchList(const SearchParams& params, int32_t k) {
  const auto* diskann = std::get_if<DiskannSearchParams>(&params);
  return diskann != nullptr && diskann->search_list != 0 ? diskann->search_list
                                                         : std::max(k, kDefaultSearchList);
}

int32_t EffectiveBeamwidth(const SearchParams& params) {
  const auto* diskann = std::get_if<DiskannSearchParams>(&params);
  return diskann != nullptr ? diskann->beamwidth : DiskannSearchParams{}.beamwidth;
}

double EffectiveRefineK(const IndexSpec& spec, const SearchParams& params) {
  const auto* ivf = std::get_if<IvfSearchParams>(&params);
  if (ivf != nullptr && ivf->refine_k != 0) return static_cast<double>(ivf->refine_k);
  const auto* hnsw = std::get_if<HnswSearchParams>(&params);
  if (hnsw != nullptr && hnsw->refine_k != 0) return static_cast<double>(hnsw->refine_k);
  return std::max(1.0, DefaultRefineK(spec));
}

}  // namespace vecdb::schema
