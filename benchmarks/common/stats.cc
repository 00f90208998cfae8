#include "common/stats.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace vecdb::bench {

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  const size_t index = rank < 1 ? 0 : std::min(static_cast<size_t>(rank), values.size()) - 1;
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

double Median(std::vector<double> values) { return Percentile(std::move(values), 0.5); }

}  // namespace vecdb::bench
