#include "vecdb/search_stats.h"

#include <gtest/gtest.h>

namespace vecdb {
namespace {

TEST(SearchStatsTest, TheTableSaysWhatEachSegmentDid) {
  const SearchStats stats{.filter = "a == 1",
                          .segments = {{.segment = "s1",
                                        .num_rows = 200,
                                        .matching_rows = 50,
                                        .estimated_selectivity = 0.5,
                                        .plan = SearchPlan::kFilteredIndex,
                                        .distances = 7,
                                        .page_reads = 4,
                                        .page_hits = 2,
                                        .page_depth = 6,
                                        .blocks_pruned = 3,
                                        .blocks_evaluated = 2,
                                        .filter_cached = true,
                                        .scalar_index = true,
                                        .filter_ms = 0.25,
                                        .search_ms = 1},
                                       {}},
                          .filter_ms = 1.5,
                          .search_ms = 2,
                          .fetch_ms = 0.125};
  EXPECT_EQ(stats.ToString(),
            "filter: a == 1\n"
            "filter 1.500 ms, search 2.000 ms, fetch 0.125 ms\n"
            "segment s1: 50 of 200 rows match (25.00 %, estimated 50.00 %), filtered index, "
            "7 distances, 4 pages read (1.5 at a time), 2 in memory, blocks 2 evaluated, 3 pruned, "
            "remembered, by index, filter 0.250 ms, "
            "search 1.000 ms\n"
            "segment in memory: 0 of 0 rows match (0.00 %, estimated 100.00 %), nothing, "
            "0 distances, blocks 0 evaluated, 0 pruned, filter 0.000 ms, search 0.000 ms\n");
}

TEST(SearchStatsTest, PlansHaveNames) {
  EXPECT_EQ(SearchPlanName(SearchPlan::kNothing), "nothing");
  EXPECT_EQ(SearchPlanName(SearchPlan::kExactScan), "exact scan");
  EXPECT_EQ(SearchPlanName(SearchPlan::kIndex), "index");
  EXPECT_EQ(SearchPlanName(SearchPlan::kFilteredIndex), "filtered index");
  EXPECT_EQ(SearchPlanName(SearchPlan::kIndexThenScan), "index, then scan");
}

}  // namespace
}  // namespace vecdb
