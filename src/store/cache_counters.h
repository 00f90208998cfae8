#ifndef VECDB_STORE_CACHE_COUNTERS_H_
#define VECDB_STORE_CACHE_COUNTERS_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "vecdb/cached_store.h"
#include "vecdb/metrics.h"

namespace vecdb::store {

/// What a cache counts; CacheUsage says what each means. Figures of their own, which publish no
/// other data: all access is relaxed. Thread-safe.
struct CacheCounters {
  using Count = std::atomic<uint64_t>;

  Count hits = 0;
  Count misses = 0;
  Count fetched_objects = 0;
  Count fetched_bytes = 0;
  Count fetch_reads = 0;
  Count store_opens = 0;
  Count passed_opens = 0;
  Count passed_reads = 0;
  Count passed_bytes = 0;
  Count failed_reads = 0;
  Count no_room = 0;
  Count failures = 0;
  Count evicted_objects = 0;
  Count evicted_bytes = 0;
  Count damaged_files = 0;
  Count held_objects = 0;
  Count held_bytes = 0;
  Count open_bytes = 0;

  static void Add(Count& count, uint64_t by = 1) { count.fetch_add(by, std::memory_order_relaxed); }
  /// Down to 0: what other processes have added or removed since the last look is not known.
  static void Subtract(Count& count, uint64_t by = 1) {
    uint64_t now = count.load(std::memory_order_relaxed);
    while (!count.compare_exchange_weak(now, now - std::min(now, by), std::memory_order_relaxed)) {
    }
  }

  CacheUsage Usage() const;
};

/// The figures as families.
std::vector<MetricFamily> CacheMetrics(const CacheUsage& usage, uint64_t budget_bytes);

}  // namespace vecdb::store

#endif  // VECDB_STORE_CACHE_COUNTERS_H_
