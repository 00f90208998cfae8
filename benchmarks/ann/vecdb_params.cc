#include "ann/vecdb_params.h"

#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace vecdb::bench {

absl::StatusOr<IndexSpec> VecdbIndexSpec(const Options& options) {
  nlohmann::json params = nlohmann::json::object();
  for (const Param& param : options.build) params[param.key] = param.value;
  const nlohmann::json spec = {{"index_type", options.index},
                               {"metric_type", std::string(MetricName(options.metric))},
                               {"params", params}};
  return IndexSpec::FromJson(spec.dump());
}

absl::StatusOr<SearchParams> VecdbSearchParams(const IndexSpec& spec, const Params& search) {
  if (search.empty()) return SearchParams{};
  for (const Param& param : search) {
    const bool known = std::holds_alternative<HnswParams>(spec.params) && param.key == "ef";
    if (!known) {
      return absl::InvalidArgumentError(absl::StrFormat("vecdb's %s has no search parameter \"%s\"",
                                                        std::string(spec.type_name()), param.key));
    }
  }
  VECDB_ASSIGN_OR_RETURN(const int ef, IntParam(search, "ef", 0));
  return HnswSearchParams{.ef = ef};
}

}  // namespace vecdb::bench
