#include "query/column_sum.h"

namespace vecdb::bench {

// Four sums side by side, each a vector of its own once the loop is vectorised.
int64_t SumColumn(std::span<const int64_t> values, int64_t start) {
  constexpr size_t kLanes = 32;
  int64_t sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += values[i + lane];
  }
  for (; i < values.size(); ++i) start += values[i];
  for (const int64_t sum : sums) start += sum;
  return start;
}

}  // namespace vecdb::bench
