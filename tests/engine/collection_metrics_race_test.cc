// Counting and reading at once. Run under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "engine/collection_metrics.h"
#include "engine/database_metrics.h"

namespace vecdb::engine {
namespace {

constexpr int kCountingThreads = 6;
constexpr int kCallsPerThread = 2000;

uint64_t CountSearches(const CollectionMetrics& metrics) {
  uint64_t count = 0;
  if (metrics.searches() == nullptr) return 0;
  metrics.searches()->ForEach(
      [&count](const SearchCounts& counts) { count += counts.calls.of_code(0); });
  return count;
}

TEST(CollectionMetricsRaceTest, NothingIsLostAndCountersOnlyGrow) {
  DatabaseMetrics database;
  std::atomic<bool> done = false;
  std::thread reader([&] {
    const auto metrics = database.Of("c");
    uint64_t searches = 0;
    while (!done) {
      const uint64_t now = CountSearches(*metrics);
      EXPECT_GE(now, searches);
      searches = now;
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kCountingThreads; ++t) {
    threads.emplace_back([&] {
      const auto metrics = database.Of("c");
      for (int i = 0; i < kCallsPerThread; ++i) {
        metrics->NoteSearch({.search_ms = 0.01}, 2, std::chrono::microseconds(20));
        metrics->NoteCall(Operation::kGet, absl::OkStatus(), std::chrono::microseconds(1));
        metrics->NoteWrite({.insert_count = 1});
        metrics->builds.Get().Begin();
        metrics->builds.Get().End(absl::OkStatus(), 0.1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  reader.join();
  constexpr uint64_t kCalls = kCountingThreads * kCallsPerThread;
  const auto metrics = database.Of("c");
  EXPECT_EQ(CountSearches(*metrics), kCalls);
  EXPECT_EQ(metrics->calls(Operation::kGet)->durations().Read().count(), kCalls);
  EXPECT_EQ(metrics->rows_inserted, kCalls);
  EXPECT_EQ(metrics->builds.Peek()->succeeded(), kCalls);
  EXPECT_EQ(metrics->builds.Peek()->running(), 0);
}

}  // namespace
}  // namespace vecdb::engine
