#include "index/search_plan.h"

#include <algorithm>
#include <cmath>

#include "schema/search_params.h"

namespace vecdb::index {
namespace {

// All of these were measured on fashion-mnist-784 with M 16.

// A walk that keeps ef rows takes as long as comparing so many per ef; one that looks at the mask
// as long as comparing so many more.
constexpr uint64_t kScanRowsPerEf = 12;
constexpr uint64_t kScanRowsMasked = 700;

// A walk that the filter goes against misses rows however many it keeps; comparing so many rows per
// ef takes 3 to 4 times as long at ef 20 and misses none.
constexpr uint64_t kScanRowsPerEfAgainst = 320;

// With a smaller share of allowed rows a walk looks at so many masked ones that comparing them all
// is quicker: at 1 % of a million rows of 32 floats 0.38 ms against 0.54.
constexpr uint64_t kRowsPerReachable = 60;

// From this share on, a walk that ignores the mask is quicker than one that looks at it.
constexpr double kWalkShare = 0.9;

}  // namespace

uint64_t CountAllowed(const RowQuery& query) {
  const base::RowMask& mask = query.mask;
  if (mask.all()) return mask.num_rows;
  if (!query.num_set_bits.has_value() || mask.allowed == nullptr) return mask.Estimate();
  base::RowMask alive = mask;
  alive.allowed = nullptr;
  const double share = static_cast<double>(alive.Estimate()) / std::max(1U, mask.num_rows);
  return static_cast<uint64_t>(static_cast<double>(*query.num_set_bits) * share);
}

size_t EfOfShare(size_t ef, double share, uint32_t num_rows) {
  const auto wanted = static_cast<double>(ef);
  const double kept = (wanted + 3 * std::sqrt(wanted * (1 - share)) + 2) / share;
  return static_cast<size_t>(std::min(kept, static_cast<double>(num_rows)));
}

HnswPlan PlanHnswSearch(const RowQuery& query) {
  const uint32_t num_rows = query.mask.num_rows;
  const auto k = static_cast<int32_t>(std::min<uint32_t>(query.k, kMaxRows));
  HnswPlan plan;
  plan.num_allowed = CountAllowed(query);
  plan.ef = static_cast<size_t>(std::max(k, schema::EffectiveEf(query.params, k)));
  plan.ef = std::min<size_t>(plan.ef, num_rows);
  if (plan.num_allowed <= query.k || query.limits.after != nullptr) return plan;
  const uint64_t scan_rows = kScanRowsPerEf * plan.ef + (query.mask.all() ? 0 : kScanRowsMasked);
  if (plan.num_allowed <= scan_rows || plan.num_allowed * kRowsPerReachable <= num_rows)
    return plan;
  const double share = static_cast<double>(plan.num_allowed) / num_rows;
  plan.plan = share >= kWalkShare ? SearchPlan::kWalk : SearchPlan::kFilteredWalk;
  plan.walk_ef = share < 1 ? EfOfShare(plan.ef, share, num_rows) : plan.ef;
  return plan;
}

bool ScanBeatsWalkAgainst(uint64_t num_allowed, size_t ef) {
  return num_allowed <= kScanRowsPerEfAgainst * ef;
}

}  // namespace vecdb::index
