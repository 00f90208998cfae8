#include "engine/collection_metrics.h"

#include <algorithm>

namespace vecdb::engine {
namespace {

constexpr std::array<std::string_view, kNumOperations> kOperationNames = {
    "insert",     "upsert",       "delete",       "ingest_segment", "get",
    "count",      "query",        "search",       "explain",        "iterate",
    "flush",      "create_index", "attach_index", "wait_for_index", "drop_index",
    "start_load", "load",         "release",      "compact",        "wait_for_compaction",
    "maintain"};

constexpr std::array<std::string_view, kNumSearchStages> kStageNames = {"plan", "filter", "search",
                                                                        "fetch"};

void AddOne(std::atomic<uint64_t>* counter) { counter->fetch_add(1, std::memory_order_relaxed); }

std::chrono::nanoseconds OfMillis(double ms) {
  return std::chrono::nanoseconds(static_cast<int64_t>(ms * 1e6));
}

}  // namespace

std::string_view OperationName(Operation operation) {
  return kOperationNames[static_cast<size_t>(operation)];
}

std::string_view SearchStageName(SearchStage stage) {
  return kStageNames[static_cast<size_t>(stage)];
}

void CallCounts::Add(const absl::Status& status, std::chrono::nanoseconds duration) {
  AddOne(&by_code_[std::min(static_cast<size_t>(status.code()), kNumCodes - 1)]);
  durations_.Add(duration);
}

void JobCounts::End(const absl::Status& status, double duration_ms) {
  running_.fetch_sub(1, std::memory_order_relaxed);
  durations_.Add(OfMillis(duration_ms));
  if (status.ok()) {
    AddOne(&succeeded_);
  } else if (absl::IsCancelled(status) || absl::IsDeadlineExceeded(status)) {
    AddOne(&abandoned_);
  } else {
    AddOne(&failed_);
  }
}

void CollectionMetrics::NoteCall(Operation operation, const absl::Status& status,
                                 std::chrono::nanoseconds duration) {
  calls_[static_cast<size_t>(operation)].Get().Add(status, duration);
}

void CollectionMetrics::NoteWrite(const WriteResult& result) {
  const auto add = [](Counter* counter, uint64_t count) {
    if (count > 0) counter->fetch_add(count, std::memory_order_relaxed);
  };
  add(&rows_inserted, result.insert_count);
  add(&rows_upserted, result.upsert_count);
  add(&rows_deleted, result.delete_count);
}

void CollectionMetrics::NoteSearch(const SearchStats& stats, size_t num_queries,
                                   std::chrono::nanoseconds duration) {
  SearchCounts& counts = searches_.Get().Mine();
  counts.calls.Add(absl::OkStatus(), duration);
  counts.queries.fetch_add(num_queries, std::memory_order_relaxed);
  const auto stage = [&counts](SearchStage one, std::chrono::nanoseconds time) {
    counts.stages[static_cast<size_t>(one)].Add(time);
    return time;
  };
  auto rest = duration;
  rest -= stage(SearchStage::kFilter, OfMillis(stats.filter_ms));
  rest -= stage(SearchStage::kSearch, OfMillis(stats.search_ms));
  rest -= stage(SearchStage::kFetch, OfMillis(stats.fetch_ms));
  stage(SearchStage::kPlan, rest);
  NotePages(stats.segments, num_queries);
  if (stats.filter.empty()) return;
  for (const SegmentSearchStats& segment : stats.segments) {
    if (!segment.segment.empty())
      AddOne(segment.filter_cached ? &filter_cache_hits : &filter_cache_misses);
  }
}

void CollectionMetrics::NotePages(std::span<const SegmentSearchStats> segments,
                                  size_t num_queries) {
  SegmentSearchStats sum;
  for (const SegmentSearchStats& segment : segments) {
    sum.page_reads += segment.page_reads;
    sum.page_hits += segment.page_hits;
    sum.page_bytes += segment.page_bytes;
    sum.page_depth += segment.page_depth;
  }
  if (sum.page_reads + sum.page_hits == 0 || num_queries == 0) return;
  PageCounts& pages = pages_.Get().Mine();
  pages.reads.fetch_add(sum.page_reads, std::memory_order_relaxed);
  pages.hits.fetch_add(sum.page_hits, std::memory_order_relaxed);
  pages.bytes.fetch_add(sum.page_bytes, std::memory_order_relaxed);
  pages.depth.fetch_add(sum.page_depth, std::memory_order_relaxed);
  const uint64_t each = sum.page_reads / num_queries;
  const uint64_t num_more = sum.page_reads % num_queries;
  if (num_more > 0) pages.reads_per_query.Add(each + 1, num_more);
  pages.reads_per_query.Add(each, num_queries - num_more);
}

void CollectionMetrics::NoteFailedSearch(const absl::Status& status,
                                         std::chrono::nanoseconds duration) {
  searches_.Get().Mine().calls.Add(status, duration);
}

}  // namespace vecdb::engine
