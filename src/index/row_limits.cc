#include "index/row_limits.h"

#include <string>

#include "base/str_format.h"

namespace vecdb::index {

absl::StatusOr<RowLimits> LimitsOfScores(Metric metric, std::optional<float> radius,
                                         std::optional<float> range_filter) {
  if (std::isnan(radius.value_or(0)) || std::isnan(range_filter.value_or(0))) {
    return absl::InvalidArgumentError("radius or range_filter is NaN");
  }
  const float sign = LargerIsBetter(metric) ? -1.0f : 1.0f;
  RowLimits limits;
  if (radius.has_value()) limits.max_distance = sign * *radius;
  if (range_filter.has_value()) limits.min_distance = sign * *range_filter;
  if (limits.min_distance < limits.max_distance) return limits;
  return absl::InvalidArgumentError(base::StrFormat(
      "no score lies between radius %g and range_filter %g: under %s range_filter must be %s",
      radius.value_or(limits.max_distance), range_filter.value_or(limits.min_distance),
      std::string(MetricName(metric)), LargerIsBetter(metric) ? "larger" : "smaller"));
}

}  // namespace vecdb::index
