#include "engine/collection_metrics.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace vecdb::engine {
namespace {

using std::chrono::microseconds;

TEST(CollectionMetricsTest, EachOperationHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kNumOperations; ++i)
    names.insert(OperationName(static_cast<Operation>(i)));
  EXPECT_EQ(names.size(), kNumOperations);
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(OperationName(Operation::kInsert), "insert");
  EXPECT_EQ(OperationName(Operation::kMaintain), "maintain");
}

TEST(CollectionMetricsTest, CallsAreCountedByCode) {
  CollectionMetrics metrics;
  EXPECT_EQ(metrics.calls(Operation::kGet), nullptr);
  metrics.NoteCall(Operation::kGet, absl::OkStatus(), microseconds(5));
  metrics.NoteCall(Operation::kGet, absl::NotFoundError(""), microseconds(5));
  metrics.NoteCall(Operation::kGet, absl::NotFoundError(""), microseconds(5));
  const CallCounts* calls = metrics.calls(Operation::kGet);
  ASSERT_NE(calls, nullptr);
  EXPECT_EQ(calls->of_code(0), 1u);
  EXPECT_EQ(calls->of_code(static_cast<size_t>(absl::StatusCode::kNotFound)), 2u);
  EXPECT_EQ(calls->durations().Read().count(), 3u);
  EXPECT_EQ(metrics.calls(Operation::kQuery), nullptr);
}

TEST(CollectionMetricsTest, LastCodeIsCounted) {
  CallCounts calls;
  calls.Add(absl::UnauthenticatedError(""), microseconds(1));
  EXPECT_EQ(calls.of_code(kNumCodes - 1), 1u);
}

TEST(CollectionMetricsTest, WritesAddTheirRows) {
  CollectionMetrics metrics;
  metrics.NoteWrite({.insert_count = 3});
  metrics.NoteWrite({.upsert_count = 2, .delete_count = 1});
  EXPECT_EQ(metrics.rows_inserted, 3u);
  EXPECT_EQ(metrics.rows_upserted, 2u);
  EXPECT_EQ(metrics.rows_deleted, 1u);
}

// The plan is what the other stages leave of the whole.
TEST(CollectionMetricsTest, StagesOfASearchAddUpToTheWhole) {
  CollectionMetrics metrics;
  metrics.NoteSearch({.filter_ms = 0.1, .search_ms = 0.2, .fetch_ms = 0.3}, 4, microseconds(1000));
  uint64_t searches = 0;
  uint64_t queries = 0;
  std::array<uint64_t, kNumSearchStages> stages_ns{};
  ASSERT_NE(metrics.searches(), nullptr);
  metrics.searches()->ForEach([&](const SearchCounts& counts) {
    searches += counts.calls.of_code(0);
    queries += counts.queries;
    for (size_t i = 0; i < kNumSearchStages; ++i) stages_ns[i] += counts.stages[i].Read().sum_ns;
  });
  EXPECT_EQ(searches, 1u);
  EXPECT_EQ(queries, 4u);
  EXPECT_EQ(stages_ns,
            (std::array<uint64_t, kNumSearchStages>{400'000, 100'000, 200'000, 300'000}));
}

TEST(CollectionMetricsTest, FilterCacheIsCountedOfFlushedSegmentsUnderAFilter) {
  CollectionMetrics metrics;
  SearchStats stats{.segments = {{.segment = "a", .filter_cached = true}, {.segment = "b"}, {}}};
  metrics.NoteSearch(stats, 1, microseconds(1));
  EXPECT_EQ(metrics.filter_cache_hits + metrics.filter_cache_misses, 0u);
  stats.filter = "true";
  metrics.NoteSearch(stats, 1, microseconds(1));
  EXPECT_EQ(metrics.filter_cache_hits, 1u);
  EXPECT_EQ(metrics.filter_cache_misses, 1u);
}

TEST(CollectionMetricsTest, PagesAreSharedOutAmongTheQueriesOfACall) {
  CollectionMetrics metrics;
  metrics.NoteSearch({.segments = {{.distances = 5}}}, 1, microseconds(1));
  EXPECT_EQ(metrics.pages(), nullptr);
  const SegmentSearchStats one{
      .page_reads = 10, .page_hits = 1, .page_bytes = 40960, .page_depth = 25};
  const SegmentSearchStats other{.page_reads = 4, .page_bytes = 32768, .page_depth = 4};
  metrics.NoteSearch({.segments = {one, other}}, 3, microseconds(1));
  metrics.NoteSearch({.segments = {{.page_hits = 7}}}, 1, microseconds(1));
  PageCounts sums;
  base::CountBuckets per_query;
  ASSERT_NE(metrics.pages(), nullptr);
  metrics.pages()->ForEach([&](const PageCounts& counts) {
    sums.reads += counts.reads;
    sums.hits += counts.hits;
    sums.bytes += counts.bytes;
    sums.depth += counts.depth;
    per_query += counts.reads_per_query.Read();
  });
  EXPECT_EQ(sums.reads, 14u);
  EXPECT_EQ(sums.hits, 8u);
  EXPECT_EQ(sums.bytes, 73728u);
  EXPECT_EQ(sums.depth, 29u);
  EXPECT_EQ(per_query.buckets[0], 1u);  // the one that found all in memory
  EXPECT_EQ(per_query.buckets[2], 1u);  // 4, and twice 5
  EXPECT_EQ(per_query.buckets[3], 2u);
  EXPECT_EQ(per_query.sum, 14u);
}

TEST(CollectionMetricsTest, JobsAreRunningUntilTheyEndAndCountedByHow) {
  JobCounts jobs;
  for (int i = 0; i < 4; ++i) jobs.Begin();
  jobs.End(absl::OkStatus(), 1);
  jobs.End(absl::UnavailableError(""), 1);
  jobs.End(absl::CancelledError(""), 1);
  EXPECT_EQ(jobs.running(), 1);
  jobs.End(absl::DeadlineExceededError(""), 1);
  EXPECT_EQ(jobs.running(), 0);
  EXPECT_EQ(jobs.succeeded(), 1u);
  EXPECT_EQ(jobs.failed(), 1u);
  EXPECT_EQ(jobs.abandoned(), 2u);
  EXPECT_EQ(jobs.durations().Read().sum_ns, 4'000'000u);
}

}  // namespace
}  // namespace vecdb::engine
