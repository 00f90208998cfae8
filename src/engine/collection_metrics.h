#ifndef VECDB_ENGINE_COLLECTION_METRICS_H_
#define VECDB_ENGINE_COLLECTION_METRICS_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "base/count_histogram.h"
#include "base/latency_histogram.h"
#include "base/lazy.h"
#include "base/sharded.h"
#include "journal/log_counts.h"
#include "vecdb/collection.h"
#include "vecdb/events.h"
#include "vecdb/search_stats.h"

namespace vecdb::engine {

/// The calls of a collection, for figures of each.
enum class Operation : size_t {
  kInsert,
  kUpsert,
  kDelete,
  kIngestSegment,
  kGet,
  kCount,
  kQuery,
  kSearch,
  kExplain,
  kIterate,  ///< a batch of an iterator
  kFlush,
  kCreateIndex,
  kAttachIndex,
  kWaitForIndex,
  kDropIndex,
  kStartLoad,
  kLoad,
  kRelease,
  kCompact,
  kWaitForCompaction,
  kMaintain,
};
inline constexpr size_t kNumOperations = 21;

/// "insert", "create_index", ...
std::string_view OperationName(Operation operation);

inline constexpr size_t kNumCodes = 17;  ///< of absl::StatusCode

/// The calls of one operation: how they ended, and how long they took. Thread-safe.
class CallCounts {
 public:
  void Add(const absl::Status& status, std::chrono::nanoseconds duration);

  const base::LatencyHistogram& durations() const { return durations_; }
  uint64_t of_code(size_t code) const { return by_code_[code].load(std::memory_order_relaxed); }

 private:
  base::LatencyHistogram durations_;
  std::array<std::atomic<uint64_t>, kNumCodes> by_code_{};  // figures; they order nothing
};

/// Work of one kind that runs behind: flushes, builds, ... Thread-safe.
class JobCounts {
 public:
  void Begin() { running_.fetch_add(1, std::memory_order_relaxed); }
  void End(const absl::Status& status, double duration_ms);

  int64_t running() const { return running_.load(std::memory_order_relaxed); }
  uint64_t succeeded() const { return succeeded_.load(std::memory_order_relaxed); }
  uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }
  /// Cancelled, or at the end of its time.
  uint64_t abandoned() const { return abandoned_.load(std::memory_order_relaxed); }
  const base::LatencyHistogram& durations() const { return durations_; }

 private:
  // Figures; they order nothing.
  std::atomic<int64_t> running_ = 0;
  std::atomic<uint64_t> succeeded_ = 0;
  std::atomic<uint64_t> failed_ = 0;
  std::atomic<uint64_t> abandoned_ = 0;
  base::LatencyHistogram durations_;
};

/// The parts of a search.
enum class SearchStage : size_t { kPlan, kFilter, kSearch, kFetch };
inline constexpr size_t kNumSearchStages = 4;

/// "plan", "filter", "search", "fetch".
std::string_view SearchStageName(SearchStage stage);

/// What searches read of indexes on disk. Figures; they order nothing.
struct PageCounts {
  std::atomic<uint64_t> reads = 0;
  std::atomic<uint64_t> bytes = 0;
  std::atomic<uint64_t> hits = 0;
  std::atomic<uint64_t> depth = 0;  // as SegmentSearchStats::page_depth
  base::CountHistogram reads_per_query{};
};

/// What is counted of searches alone.
struct SearchCounts {
  CallCounts calls{};
  std::array<base::LatencyHistogram, kNumSearchStages> stages{};
  std::atomic<uint64_t> queries = 0;  // a figure
};

inline constexpr size_t kNumStallReasons = 3;
inline constexpr size_t kNumErrorSources = 6;

/// What a collection counts. The database has it as long as it has the collection, so that opening
/// that anew, or Refresh, sets nothing back. Thread-safe, without a lock; what has never happened
/// takes next to no memory.
class CollectionMetrics {
 public:
  using Counter = std::atomic<uint64_t>;  // figures; they order nothing

  void NoteCall(Operation operation, const absl::Status& status, std::chrono::nanoseconds duration);
  void NoteWrite(const WriteResult& result);
  /// A search that has answered `num_queries`. Costs some atomic additions in a cache line that no
  /// other thread is likely to use.
  void NoteSearch(const SearchStats& stats, size_t num_queries, std::chrono::nanoseconds duration);
  void NoteFailedSearch(const absl::Status& status, std::chrono::nanoseconds duration);

  /// Calls of an operation other than kSearch; null when there was none.
  const CallCounts* calls(Operation operation) const {
    return calls_[static_cast<size_t>(operation)].Peek();
  }
  const base::Sharded<SearchCounts>* searches() const { return searches_.Peek(); }
  /// Null when no search came by an index on disk.
  const base::Sharded<PageCounts>* pages() const { return pages_.Peek(); }

  Counter rows_inserted = 0;
  Counter rows_upserted = 0;
  Counter rows_deleted = 0;
  Counter filter_cache_hits = 0;  // segments whose rows were known from an earlier read
  Counter filter_cache_misses = 0;

  base::Lazy<JobCounts> flushes;
  Counter flush_rows = 0;
  Counter flush_bytes = 0;
  Counter sealed_segments = 0;
  base::Lazy<JobCounts> builds;
  Counter build_rows = 0;
  Counter build_bytes = 0;
  base::Lazy<JobCounts> compactions;
  Counter compaction_bytes_read = 0;
  Counter compaction_bytes_written = 0;
  base::Lazy<JobCounts> loads;
  base::Lazy<base::LatencyHistogram> segment_loads;
  base::Lazy<JobCounts> stalls;
  std::array<Counter, kNumStallReasons> stalls_by_reason{};
  std::array<Counter, kNumErrorSources> errors_by_source{};
  journal::LogCounts journal;
  // Of a collection that is read alone, by what its refreshes found.
  Counter refreshes_of_nothing = 0;
  Counter refreshes_of_journal = 0;
  Counter refreshes_of_manifest = 0;

 private:
  // What a search has wanted; the pages that its queries read are shared out evenly among them.
  void NotePages(std::span<const SegmentSearchStats> segments, size_t num_queries);

  std::array<base::Lazy<CallCounts>, kNumOperations> calls_{};
  base::Lazy<base::Sharded<SearchCounts>> searches_;
  base::Lazy<base::Sharded<PageCounts>> pages_;
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COLLECTION_METRICS_H_
