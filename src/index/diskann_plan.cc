#include "index/diskann_plan.h"

#include <algorithm>

#include "index/search_plan.h"
#include "schema/search_params.h"

namespace vecdb::index {
namespace {

// Codes that are compared in the time in which a page is read and its links are followed.
constexpr uint64_t kCodesPerPage = 300;

}  // namespace

DiskannPlan PlanDiskannSearch(const RowQuery& query) {
  const uint32_t num_rows = query.mask.num_rows;
  const auto k = static_cast<int32_t>(std::min<uint32_t>(query.k, kMaxRows));
  DiskannPlan plan;
  plan.num_allowed = CountAllowed(query);
  plan.ef = static_cast<size_t>(std::max(k, schema::EffectiveSearchList(query.params, k)));
  plan.ef = std::min<size_t>(plan.ef, num_rows);
  // Behind a position the answer is to be exact.
  if (plan.num_allowed <= query.k || query.limits.after != nullptr) return plan;
  plan.plan = query.mask.all() ? SearchPlan::kWalk : SearchPlan::kFilteredWalk;
  plan.walk_ef = plan.ef;
  if (query.mask.all()) return plan;
  const double share = static_cast<double>(plan.num_allowed) / num_rows;
  plan.walk_ef = EfOfShare(plan.ef, std::min(share, 1.0), num_rows);
  const uint64_t extra_pages = plan.walk_ef - std::min(plan.walk_ef, plan.ef);
  if (plan.num_allowed <= extra_pages * kCodesPerPage) plan.walk_ef = 0;
  return plan;
}

}  // namespace vecdb::index
