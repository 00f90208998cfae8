#include "store/cache_counters.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace vecdb::store {
namespace {

TEST(CacheCountersTest, FiguresAreReadAsTheyWereCounted) {
  CacheCounters counters;
  CacheCounters::Add(counters.hits);
  CacheCounters::Add(counters.passed_reads, 3);
  CacheCounters::Add(counters.held_bytes, 10);
  CacheCounters::Subtract(counters.held_bytes, 4);
  EXPECT_EQ(counters.Usage(), (CacheUsage{.hits = 1, .passed_reads = 3, .held_bytes = 6}));
  const std::string text = MetricsText(CacheMetrics(counters.Usage(), 100));
  for (const char* line : {"vecdb_cache_opens_total{outcome=\"hit\"} 1",
                           "vecdb_cache_store_requests_total{purpose=\"pass\"} 3",
                           "vecdb_cache_held_bytes 6", "vecdb_cache_budget_bytes 100"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

TEST(CacheCountersTest, WhatOthersRemovedDoesNotTurnAround) {
  CacheCounters counters;
  CacheCounters::Add(counters.held_objects, 1);
  CacheCounters::Subtract(counters.held_objects, 2);
  EXPECT_EQ(counters.Usage(), CacheUsage());
}

TEST(CacheCountersTest, EveryFamilyIsDocumented) {
  std::ifstream file(std::string(VECDB_SOURCE_DIR) + "/docs/cache.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const MetricFamily& family : CacheMetrics({}, 0)) {
    EXPECT_NE(text.str().find("`" + family.name + "`"), std::string::npos) << family.name;
  }
}

}  // namespace
}  // namespace vecdb::store
