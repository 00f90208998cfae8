#include "ann/vecdb_params.h"

#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "absl/strings/str_format.h"
#include "ann/ivf_params.h"
#include "base/status_macros.h"

namespace vecdb::bench {

namespace {

// Numbers may be strings, bools may not.
nlohmann::json BuildValueJson(const std::string& value) {
  if (value == "true" || value == "false") return value == "true";
  return value;
}

bool HasLists(const IndexSpec& spec) {
  return std::holds_alternative<IvfFlatParams>(spec.params) ||
         std::holds_alternative<IvfSq8Params>(spec.params) ||
         std::holds_alternative<IvfPqParams>(spec.params);
}

bool IsOnDisk(const IndexSpec& spec) { return std::holds_alternative<DiskannParams>(spec.params); }

bool HasSearchParam(const IndexSpec& spec, std::string_view key) {
  if (key == "target_recall") return true;
  if (std::holds_alternative<HnswParams>(spec.params)) return key == "ef" || key == "refine_k";
  if (IsOnDisk(spec)) return key == "search_list" || key == "beamwidth";
  return HasLists(spec) && (key == "nprobe" || key == "refine_k");
}

}  // namespace

absl::StatusOr<IndexSpec> VecdbIndexSpec(const Options& options) {
  nlohmann::json params = nlohmann::json::object();
  for (const Param& param : options.build) params[param.key] = BuildValueJson(param.value);
  const nlohmann::json spec = {{"index_type", options.index},
                               {"metric_type", std::string(MetricName(options.metric))},
                               {"params", params}};
  return IndexSpec::FromJson(spec.dump());
}

absl::StatusOr<SearchParams> VecdbSearchParams(const IndexSpec& spec, const Params& search) {
  if (search.empty()) return SearchParams{};
  for (const Param& param : search) {
    if (!HasSearchParam(spec, param.key)) {
      return absl::InvalidArgumentError(absl::StrFormat("vecdb's %s has no search parameter \"%s\"",
                                                        std::string(spec.type_name()), param.key));
    }
  }
  VECDB_ASSIGN_OR_RETURN(const double target_recall, NumberParam(search, "target_recall", 0));
  if (target_recall != 0) {
    if (search.size() == 1) return TargetRecall{.recall = target_recall};
    return absl::InvalidArgumentError("target_recall goes with no other search parameter");
  }
  if (HasLists(spec)) {
    VECDB_ASSIGN_OR_RETURN(const IvfSearchParams params, ReadIvfSearch(search));
    return params;
  }
  if (IsOnDisk(spec)) {
    DiskannSearchParams params;
    VECDB_ASSIGN_OR_RETURN(params.search_list, IntParam(search, "search_list", 0));
    VECDB_ASSIGN_OR_RETURN(params.beamwidth, IntParam(search, "beamwidth", params.beamwidth));
    return params;
  }
  VECDB_ASSIGN_OR_RETURN(const int ef, IntParam(search, "ef", 0));
  VECDB_ASSIGN_OR_RETURN(const double refine_k, NumberParam(search, "refine_k", 0));
  return HnswSearchParams{.ef = ef, .refine_k = static_cast<float>(refine_k)};
}

}  // namespace vecdb::bench
