#include "schema/search_params.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace vecdb::schema {
namespace {

constexpr int32_t kDefaultEf = 64;

}  // namespace

absl::Status ValidateSearchParams(const IndexSpec& spec, const SearchParams& params, int32_t k) {
  const auto* hnsw = std::get_if<HnswSearchParams>(&params);
  if (hnsw == nullptr) return absl::OkStatus();
  if (!std::holds_alternative<HnswParams>(spec.params)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the search has parameters for HNSW; the index is %s", spec.type_name()));
  }
  if (hnsw->ef == 0 || (hnsw->ef >= k && hnsw->ef <= kMaxEf)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "ef is %d; the range is %d to %d, from the rows wanted upwards, or 0 for the default",
      hnsw->ef, k, kMaxEf));
}

int32_t EffectiveEf(const SearchParams& params, int32_t k) {
  const auto* hnsw = std::get_if<HnswSearchParams>(&params);
  return hnsw != nullptr && hnsw->ef != 0 ? hnsw->ef : std::max(k, kDefaultEf);
}

}  // namespace vecdb::schema
