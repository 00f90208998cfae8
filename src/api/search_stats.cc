#include "vecdb/search_stats.h"

#include "base/str_format.h"

namespace vecdb {

std::string_view SearchPlanName(SearchPlan plan) {
  switch (plan) {
    case SearchPlan::kNothing:
      return "nothing";
    case SearchPlan::kExactScan:
      return "exact scan";
    case SearchPlan::kIndex:
      return "index";
    case SearchPlan::kFilteredIndex:
      return "filtered index";
    default:
      return "index, then scan";
  }
}

namespace {

// Of an index on disk; nothing of others.
std::string PagesText(const SegmentSearchStats& segment) {
  if (segment.page_reads + segment.page_hits == 0) return "";
  const auto depth = static_cast<double>(segment.page_depth);
  const auto reads = static_cast<double>(segment.page_reads);
  return base::StrFormat("%d pages read (%.1f at a time), %d in memory, ", segment.page_reads,
                         segment.page_reads == 0 ? 0.0 : depth / reads, segment.page_hits);
}

}  // namespace

std::string SearchStats::ToString() const {
  std::string text;
  if (!filter.empty()) base::StrAppendFormat(&text, "filter: %s\n", filter);
  base::StrAppendFormat(&text, "filter %.3f ms, search %.3f ms, fetch %.3f ms\n", filter_ms,
                        search_ms, fetch_ms);
  for (const SegmentSearchStats& segment : segments) {
    const double selectivity = segment.num_rows == 0 ? 0
                                                     : static_cast<double>(segment.matching_rows) /
                                                           static_cast<double>(segment.num_rows);
    base::StrAppendFormat(
        &text,
        "segment %s: %d of %d rows match (%.2f %%, estimated %.2f %%), %s, %d distances, "
        "%sblocks %d evaluated, %d pruned%s%s, filter %.3f ms, search %.3f ms\n",
        segment.segment.empty() ? "in memory" : segment.segment, segment.matching_rows,
        segment.num_rows, 100 * selectivity, 100 * segment.estimated_selectivity,
        std::string(SearchPlanName(segment.plan)), segment.distances, PagesText(segment),
        segment.blocks_evaluated, segment.blocks_pruned,
        segment.filter_cached ? ", remembered" : "", segment.scalar_index ? ", by index" : "",
        segment.filter_ms, segment.search_ms);
  }
  return text;
}

}  // namespace vecdb
