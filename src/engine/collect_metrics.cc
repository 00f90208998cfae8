// Every metric of the core: name, help, labels. docs/metrics.md lists them; a test compares.
#include "engine/collect_metrics.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "base/resident_memory.h"
#include "engine/database_engine.h"

namespace vecdb::engine {
namespace {

using Labels = MetricsBuilder::Labels;

constexpr size_t kNumSegmentStates = 4;
constexpr std::array<std::string_view, kNumSegmentStates> kSegmentStateNames = {
    "growing", "sealed", "flushed", "damaged"};
constexpr std::array<std::string_view, 4> kLoadStateNames = {"not_loaded", "loading", "loaded",
                                                             "failed"};

std::string CodeName(size_t code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

std::string UseName(size_t use) {
  const std::string name(MemoryUseName(static_cast<MemoryUse>(use)));
  return absl::StrReplaceAll(name, {{" ", "_"}});
}

double BytesOrInfinity(uint64_t bytes) {
  return bytes == MemoryBudget::kNoLimit ? std::numeric_limits<double>::infinity()
                                         : static_cast<double>(bytes);
}

Labels With(Labels labels, std::string_view name, std::string_view value) {
  labels.emplace_back(name, value);
  return labels;
}

// ---- Of a database.

void AddDatabaseCalls(const DatabaseMetrics& metrics, MetricsBuilder* out) {
  for (size_t i = 0; i < kNumDatabaseOperations; ++i) {
    const auto operation = static_cast<DatabaseOperation>(i);
    const CallCounts* calls = metrics.calls(operation);
    if (calls == nullptr) continue;
    const Labels labels = {{"operation", std::string(DatabaseOperationName(operation))}};
    for (size_t code = 0; code < kNumCodes; ++code) {
      if (code > 0 && calls->of_code(code) == 0) continue;
      out->Counter("vecdb_database_operations_total", "Calls of the database, by how they ended.",
                   With(labels, "code", CodeName(code)), calls->of_code(code));
    }
    out->Histogram("vecdb_database_operation_seconds", "How long calls of the database took.",
                   labels, calls->durations().Read());
  }
}

void AddDatabaseMemory(const MemoryBudget& budget, MetricsBuilder* out) {
  for (size_t use = 0; use < kNumMemoryUses; ++use) {
    out->Gauge("vecdb_memory_used_bytes", "Memory that the database has taken, by use.",
               {{"use", UseName(use)}},
               static_cast<double>(budget.used_bytes(static_cast<MemoryUse>(use))));
  }
  out->Gauge("vecdb_memory_peak_bytes", "The most memory that was taken at one time.", {},
             static_cast<double>(budget.Report().peak_bytes));
  out->Gauge("vecdb_memory_limit_bytes",
             "Limit of the database's own memory; infinity without one.", {},
             BytesOrInfinity(budget.limit_bytes()));
  out->Gauge("vecdb_memory_free_bytes",
             "Memory that may still be taken, within the host's budget too; infinity without a "
             "limit.",
             {}, BytesOrInfinity(budget.FreeBytes()));
  if (const auto resident = base::ResidentBytes(); resident.has_value()) {
    out->Gauge("process_resident_memory_bytes", "Memory that the process has resident.", {},
               static_cast<double>(*resident));
  }
}

// ---- Of a collection: what it has counted.

void AddCallCodes(const Labels& labels, const std::array<uint64_t, kNumCodes>& by_code,
                  MetricsBuilder* out) {
  for (size_t code = 0; code < kNumCodes; ++code) {
    if (code > 0 && by_code[code] == 0) continue;
    out->Counter("vecdb_operations_total", "Calls of a collection, by how they ended.",
                 With(labels, "code", CodeName(code)), by_code[code]);
  }
}

void AddCallSeconds(const Labels& labels, const base::LatencyCounts& durations,
                    MetricsBuilder* out) {
  out->Histogram("vecdb_operation_seconds", "How long calls of a collection took.", labels,
                 durations);
}

void AddCalls(const CollectionMetrics& metrics, const Labels& labels, MetricsBuilder* out) {
  for (size_t i = 0; i < kNumOperations; ++i) {
    const auto operation = static_cast<Operation>(i);
    const CallCounts* calls = metrics.calls(operation);
    if (calls == nullptr) continue;
    const Labels of_call = With(labels, "operation", OperationName(operation));
    std::array<uint64_t, kNumCodes> by_code{};
    for (size_t code = 0; code < kNumCodes; ++code) by_code[code] = calls->of_code(code);
    AddCallCodes(of_call, by_code, out);
    AddCallSeconds(of_call, calls->durations().Read(), out);
  }
}

// What all threads have counted of pages.
struct PageSums {
  uint64_t reads = 0;
  uint64_t hits = 0;
  uint64_t bytes = 0;
  uint64_t depth = 0;
  base::CountBuckets reads_per_query{};
};

void AddPages(const CollectionMetrics& metrics, const Labels& labels, MetricsBuilder* out) {
  if (metrics.pages() == nullptr) return;
  PageSums sums;
  metrics.pages()->ForEach([&sums](const PageCounts& pages) {
    sums.reads += pages.reads.load(std::memory_order_relaxed);
    sums.hits += pages.hits.load(std::memory_order_relaxed);
    sums.bytes += pages.bytes.load(std::memory_order_relaxed);
    sums.depth += pages.depth.load(std::memory_order_relaxed);
    sums.reads_per_query += pages.reads_per_query.Read();
  });
  out->Counter("vecdb_page_reads_total", "Pages of indexes on disk that searches have read.",
               labels, sums.reads);
  out->Counter("vecdb_page_read_bytes_total", "Bytes of them.", labels, sums.bytes);
  out->Counter("vecdb_page_hits_total", "Pages that they wanted and found in memory.", labels,
               sums.hits);
  out->Counter("vecdb_page_depth_total",
               "Reads under way whenever one began, itself included, added up.", labels,
               sums.depth);
  out->Histogram("vecdb_query_page_reads", "Pages that a query has read.", labels,
                 sums.reads_per_query);
}

void AddSearches(const CollectionMetrics& metrics, const Labels& labels, MetricsBuilder* out) {
  if (metrics.searches() == nullptr) return;
  std::array<uint64_t, kNumCodes> by_code{};
  base::LatencyCounts total;
  std::array<base::LatencyCounts, kNumSearchStages> stages;
  uint64_t queries = 0;
  metrics.searches()->ForEach([&](const SearchCounts& counts) {
    for (size_t code = 0; code < kNumCodes; ++code) by_code[code] += counts.calls.of_code(code);
    total += counts.calls.durations().Read();
    for (size_t i = 0; i < kNumSearchStages; ++i) stages[i] += counts.stages[i].Read();
    queries += counts.queries.load(std::memory_order_relaxed);
  });
  const Labels of_call = With(labels, "operation", OperationName(Operation::kSearch));
  AddCallCodes(of_call, by_code, out);
  AddCallSeconds(of_call, total, out);
  for (size_t i = 0; i < kNumSearchStages; ++i) {
    out->Histogram("vecdb_search_stage_seconds", "How long the parts of searches took.",
                   With(labels, "stage", SearchStageName(static_cast<SearchStage>(i))), stages[i]);
  }
  out->Counter("vecdb_search_queries_total", "Query vectors that were answered.", labels, queries);
  out->Counter("vecdb_filter_cache_hits_total",
               "Segments of searches whose matching rows were known.", labels,
               metrics.filter_cache_hits);
  out->Counter("vecdb_filter_cache_misses_total",
               "Segments of searches whose matching rows had to be found.", labels,
               metrics.filter_cache_misses);
}

void AddWrites(const CollectionMetrics& metrics, const Labels& labels, MetricsBuilder* out) {
  out->Counter("vecdb_rows_inserted_total", "Rows that inserts have added.", labels,
               metrics.rows_inserted);
  out->Counter("vecdb_rows_upserted_total", "Rows that upserts have added.", labels,
               metrics.rows_upserted);
  out->Counter("vecdb_rows_deleted_total", "Rows that went, by deletes or replaced.", labels,
               metrics.rows_deleted);
  out->Counter("vecdb_journal_written_bytes_total", "Bytes of records given to the journal.",
               labels, metrics.journal.bytes_written);
  out->Histogram("vecdb_journal_sync_seconds",
                 "How long a group commit took: writing what waited and making it durable.", labels,
                 metrics.journal.syncs.Read());
}

// The names of the families of one kind of work.
struct JobNames {
  std::string_view ended;
  std::string_view running;
  std::string_view seconds;
  std::string_view what;
};

void AddJobs(const JobNames& names, const base::Lazy<JobCounts>& jobs, const Labels& labels,
             MetricsBuilder* out) {
  const JobCounts none;
  const JobCounts& counts = jobs.Peek() == nullptr ? none : *jobs.Peek();
  const std::string what(names.what);
  const std::string ended = what + " that have ended, by how.";
  out->Counter(names.ended, ended, With(labels, "status", "success"), counts.succeeded());
  out->Counter(names.ended, ended, With(labels, "status", "fail"), counts.failed());
  out->Counter(names.ended, ended, With(labels, "status", "abandon"), counts.abandoned());
  out->Gauge(names.running, what + " that run now.", labels, static_cast<double>(counts.running()));
  out->Histogram(names.seconds, "How long " + what + " took.", labels, counts.durations().Read());
}

void AddWork(const CollectionMetrics& metrics, const Labels& labels, MetricsBuilder* out) {
  AddJobs({"vecdb_flushes_total", "vecdb_flushes_running", "vecdb_flush_seconds", "flushes"},
          metrics.flushes, labels, out);
  out->Counter("vecdb_flush_rows_total", "Rows that flushes have written.", labels,
               metrics.flush_rows);
  out->Counter("vecdb_flush_bytes_total", "Bytes that flushes have written.", labels,
               metrics.flush_bytes);
  out->Counter("vecdb_sealed_segments_total", "Growing segments that were sealed.", labels,
               metrics.sealed_segments);
  AddJobs({"vecdb_index_builds_total", "vecdb_index_builds_running", "vecdb_index_build_seconds",
           "index builds"},
          metrics.builds, labels, out);
  out->Counter("vecdb_index_build_rows_total", "Rows that indexes were built for.", labels,
               metrics.build_rows);
  out->Counter("vecdb_index_build_bytes_total", "Bytes of indexes that were built.", labels,
               metrics.build_bytes);
  AddJobs({"vecdb_compactions_total", "vecdb_compactions_running", "vecdb_compaction_seconds",
           "compactions"},
          metrics.compactions, labels, out);
  out->Counter("vecdb_compaction_read_bytes_total", "Bytes of segments that compactions replaced.",
               labels, metrics.compaction_bytes_read);
  out->Counter("vecdb_compaction_written_bytes_total", "Bytes that compactions have written.",
               labels, metrics.compaction_bytes_written);
  AddJobs({"vecdb_loads_total", "vecdb_loads_running", "vecdb_load_seconds", "loads"},
          metrics.loads, labels, out);
  const base::LatencyHistogram* segments = metrics.segment_loads.Peek();
  out->Histogram("vecdb_load_segment_seconds", "How long loads of one segment took.", labels,
                 segments == nullptr ? base::LatencyCounts() : segments->Read());
}

void AddTrouble(const CollectionMetrics& metrics, const Labels& labels, MetricsBuilder* out) {
  for (size_t i = 0; i < kNumStallReasons; ++i) {
    out->Counter("vecdb_stalls_total", "Writers that were held up, by what for.",
                 With(labels, "reason", StallReasonName(static_cast<StallReason>(i))),
                 metrics.stalls_by_reason[i]);
  }
  const JobCounts none;
  const JobCounts& stalls = metrics.stalls.Peek() == nullptr ? none : *metrics.stalls.Peek();
  out->Gauge("vecdb_stalled_writers", "Writers that are held up now.", labels,
             static_cast<double>(stalls.running()));
  out->Histogram("vecdb_stall_seconds", "How long writers were held up.", labels,
                 stalls.durations().Read());
  for (size_t i = 0; i < kNumErrorSources; ++i) {
    out->Counter("vecdb_background_errors_total", "What failed behind, by what it was.",
                 With(labels, "source", ErrorSourceName(static_cast<ErrorSource>(i))),
                 metrics.errors_by_source[i]);
  }
}

// ---- Of a collection: what there is now.

// Of the segments in one state.
struct SegmentSums {
  double segments = 0;
  double rows = 0;
  double deleted_rows = 0;
  double memory_bytes = 0;
  double mapped_bytes = 0;
};

void AddSegments(const std::vector<SegmentDescription>& segments, const Labels& labels,
                 MetricsBuilder* out) {
  std::array<SegmentSums, kNumSegmentStates> sums{};
  for (const SegmentDescription& segment : segments) {
    SegmentSums& sum = sums[static_cast<size_t>(segment.state)];
    sum.segments += 1;
    sum.rows += static_cast<double>(segment.num_rows);
    sum.deleted_rows += static_cast<double>(segment.num_deleted_rows);
    sum.memory_bytes += static_cast<double>(segment.memory_bytes);
    sum.mapped_bytes += static_cast<double>(segment.mapped_bytes);
  }
  for (size_t i = 0; i < kNumSegmentStates; ++i) {
    const Labels of_state = With(labels, "state", kSegmentStateNames[i]);
    out->Gauge("vecdb_segments", "Segments, by state.", of_state, sums[i].segments);
    out->Gauge("vecdb_segment_rows", "Rows of segments, deleted ones too.", of_state, sums[i].rows);
    out->Gauge("vecdb_segment_deleted_rows", "Rows of segments that are deleted.", of_state,
               sums[i].deleted_rows);
    out->Gauge("vecdb_segment_memory_bytes", "Memory that segments hold.", of_state,
               sums[i].memory_bytes);
    out->Gauge("vecdb_segment_mapped_bytes", "Bytes of files of segments that are mapped.",
               of_state, sums[i].mapped_bytes);
  }
}

// What of the store's bytes is of rows that are alive, if a row is like another.
double LiveBytes(const std::vector<SegmentDescription>& segments) {
  double bytes = 0;
  for (const SegmentDescription& segment : segments) {
    if (segment.num_rows == 0) continue;
    const auto rows = static_cast<double>(segment.num_rows);
    const auto deleted = static_cast<double>(segment.num_deleted_rows);
    bytes += static_cast<double>(segment.store_bytes) * (rows - deleted) / rows;
  }
  return bytes;
}

void AddSpace(const CollectionDescription& description,
              const std::vector<SegmentDescription>& segments, const Labels& labels,
              MetricsBuilder* out) {
  const auto store_bytes = static_cast<double>(description.store_bytes);
  const auto orphan_bytes = static_cast<double>(description.orphan_bytes);
  const double live_bytes = LiveBytes(segments);
  out->Gauge("vecdb_store_bytes", "Bytes of the objects of flushed segments.", labels, store_bytes);
  out->Gauge("vecdb_live_bytes", "The part of them that is of rows which are alive.", labels,
             live_bytes);
  out->Gauge("vecdb_orphan_objects", "Objects in the store that nothing names, as last seen.",
             labels, static_cast<double>(description.orphan_objects));
  out->Gauge("vecdb_orphan_bytes", "Their bytes.", labels, orphan_bytes);
  out->Gauge("vecdb_space_amplification_ratio",
             "Bytes in the store, orphans included, to those of rows which are alive.", labels,
             live_bytes > 0 ? (store_bytes + orphan_bytes) / live_bytes : 1);
  out->Gauge("vecdb_journal_bytes", "Bytes of the journal.", labels,
             static_cast<double>(description.journal_bytes));
}

void AddIndexes(const CollectionDescription& description, const Labels& labels,
                MetricsBuilder* out) {
  for (const IndexDescription& index : description.indexes) {
    const Labels of_field = With(labels, "field", index.field);
    out->Gauge("vecdb_index_rows", "Rows of flushed segments whose index is there.", of_field,
               static_cast<double>(index.indexed_rows));
    out->Gauge("vecdb_index_pending_rows", "Rows of flushed segments whose index is to be built.",
               of_field, static_cast<double>(index.pending_rows()));
    if (index.live_recall.num_searches == 0) continue;
    out->Gauge("vecdb_live_recall", "Share of the true nearest rows that searches find.", of_field,
               index.live_recall.recall);
    out->Gauge("vecdb_live_recall_target", "Share that these searches asked for, else 0.95.",
               of_field, index.live_recall.target);
    out->Counter("vecdb_live_recall_searches_total", "Searches that were repeated exactly.",
                 of_field, index.live_recall.num_searches);
  }
}

void AddLoad(const LoadReport& report, const Labels& labels, MetricsBuilder* out) {
  for (size_t i = 0; i < kLoadStateNames.size(); ++i) {
    out->Gauge("vecdb_load_state", "1 for the state in which the last load is.",
               With(labels, "state", kLoadStateNames[i]),
               report.state == static_cast<LoadState>(i) ? 1 : 0);
  }
  out->Gauge("vecdb_load_progress_ratio", "How far the last load is, 0 to 1.", labels,
             static_cast<double>(report.percent) / 100);
  out->Gauge("vecdb_load_wanted_bytes", "Bytes that the last load is to read or map.", labels,
             static_cast<double>(report.bytes_total));
  out->Gauge("vecdb_load_done_bytes", "Bytes that it has read or mapped.", labels,
             static_cast<double>(report.bytes_done));
}

void AddCollectionMemory(const MemoryReport& report, const Labels& labels, MetricsBuilder* out) {
  for (size_t use = 0; use < kNumMemoryUses; ++use) {
    out->Gauge("vecdb_collection_memory_used_bytes",
               "Memory that the collection has taken, by use.", With(labels, "use", UseName(use)),
               static_cast<double>(report.bytes_of_use[use]));
  }
  out->Gauge("vecdb_collection_memory_limit_bytes",
             "Limit of the collection's own memory; infinity without one.", labels,
             BytesOrInfinity(report.limit_bytes));
}

void AddReader(const CollectionEngine& collection, const Labels& labels, MetricsBuilder* out) {
  if (!collection.read_only()) return;
  const CollectionMetrics& metrics = *collection.metrics();
  const std::pair<const char*, const CollectionMetrics::Counter*> found[] = {
      {"nothing", &metrics.refreshes_of_nothing},
      {"journal", &metrics.refreshes_of_journal},
      {"manifest", &metrics.refreshes_of_manifest}};
  for (const auto& [name, count] : found) {
    out->Counter("vecdb_reader_refreshes_total", "Refreshes of a reader, by what had come.",
                 With(labels, "found", name), *count);
  }
  out->Gauge("vecdb_reader_age_seconds",
             "For how long writes may be missing in what a reader shows.", labels,
             collection.AgeSeconds());
}

void AddState(CollectionEngine* collection, const Labels& labels, MetricsBuilder* out) {
  const auto description = collection->Describe();
  const auto segments = collection->Segments();
  const auto memory = collection->ReportMemory();
  if (!description.ok() || !segments.ok() || !memory.ok()) return;  // closed meanwhile
  out->Gauge("vecdb_rows", "Rows that are alive.", labels,
             static_cast<double>(description->num_rows));
  out->Gauge(
      "vecdb_writes_stopped",
      "1 when a failure of the journal or of a commit keeps the collection from taking writes.",
      labels, collection->read_only() || collection->WriteError().ok() ? 0 : 1);
  AddSegments(*segments, labels, out);
  AddSpace(*description, *segments, labels, out);
  AddIndexes(*description, labels, out);
  AddLoad(collection->LoadProgress(), labels, out);
  AddCollectionMemory(*memory, labels, out);
}

}  // namespace

void AddDatabaseMetrics(const DatabaseMetrics& metrics, const MemoryBudget& budget,
                        MetricsBuilder* out) {
  AddDatabaseCalls(metrics, out);
  AddDatabaseMemory(budget, out);
}

void AddCollectionMetrics(CollectionEngine* collection, MetricsBuilder* out) {
  const std::shared_ptr<CollectionMetrics> metrics = collection->metrics();
  const Labels labels = {{"collection", collection->name()}};
  AddCalls(*metrics, labels, out);
  AddSearches(*metrics, labels, out);
  AddPages(*metrics, labels, out);
  AddWrites(*metrics, labels, out);
  AddWork(*metrics, labels, out);
  AddTrouble(*metrics, labels, out);
  AddReader(*collection, labels, out);
  AddState(collection, labels, out);
}

std::vector<MetricFamily> DatabaseEngine::CollectMetrics() const {
  MetricsBuilder out;
  const auto open = OpenCollections();
  out.Gauge("vecdb_collections", "Collections of the database.", {},
            static_cast<double>(List().size()));
  out.Gauge("vecdb_open_collections", "Those of them that are open.", {},
            static_cast<double>(open.size()));
  AddDatabaseMetrics(metrics(), environment_.accounts->database(), &out);
  std::vector<std::pair<std::string, CollectionEngine*>> by_name;
  for (const auto& collection : open) by_name.emplace_back(collection->name(), collection.get());
  std::sort(by_name.begin(), by_name.end());
  for (const auto& [name, collection] : by_name) AddCollectionMetrics(collection, &out);
  return out.Take();
}

}  // namespace vecdb::engine
