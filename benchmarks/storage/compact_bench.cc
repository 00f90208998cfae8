#include "storage/compact_bench.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/collection.h"
#include "common/stats.h"
#include "common/temp_dir.h"
#include "vecdb/database.h"

namespace vecdb::bench {
namespace {

constexpr size_t kBatchRows = 1000;
constexpr int kIdleSearches = 4000;
constexpr int kWarmUpSearches = 200;
constexpr int32_t kHits = 10;

// Flushed, indexed and loaded segments of about the same size.
absl::Status FillSegments(const Matrix& rows, Collection* collection) {
  const size_t num_rows = rows.num_rows();
  for (size_t i = 0; i < kCompactSegments; ++i) {
    const size_t end = num_rows * (i + 1) / kCompactSegments;
    for (size_t first = num_rows * i / kCompactSegments; first < end; first += kBatchRows) {
      const size_t count = std::min(kBatchRows, end - first);
      const RowBatch batch = BatchOf(rows, first, static_cast<int64_t>(first), count);
      VECDB_RETURN_IF_ERROR(collection->Insert(batch).status());
    }
    VECDB_RETURN_IF_ERROR(collection->Flush());
  }
  VECDB_RETURN_IF_ERROR(collection->CreateIndex(kVectorField, {.params = HnswParams{}}));
  return collection->WaitForIndex(kVectorField);
}

absl::StatusOr<double> TimeOne(const Collection& collection, const Matrix& rows, size_t number) {
  const SearchRequest request{.vectors = rows.row(number * 7919 % rows.num_rows()),
                              .limit = kHits,
                              .params = HnswSearchParams{.ef = 64}};
  const double start = WallSeconds();
  VECDB_RETURN_IF_ERROR(collection.Search(request).status());
  return (WallSeconds() - start) * 1e6;
}

// Wall times of single searches, as long as `more` says.
template <typename More>
absl::StatusOr<std::vector<double>> TimeSearchesWhile(const Collection& collection,
                                                      const Matrix& rows, More more) {
  std::vector<double> micros;
  while (more(micros.size())) {
    VECDB_ASSIGN_OR_RETURN(micros.emplace_back(), TimeOne(collection, rows, micros.size()));
  }
  return micros;
}

struct CompactRun {
  std::vector<double> idle;
  std::vector<double> beside;
  double seconds = 0;
  uint64_t bytes_written = 0;
};

absl::StatusOr<CompactRun> RunOnce(const Matrix& rows, const std::string& parent) {
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(parent));
  VECDB_ASSIGN_OR_RETURN(const auto database,
                         Database::Open({.path = directory.path().string(), .num_threads = 1}));
  CollectionOptions options = OneSegmentOptions(rows);
  options.durability = Durability::kNone;
  options.auto_compaction = false;
  VECDB_ASSIGN_OR_RETURN(const auto collection,
                         database->CreateCollection("bench", BenchmarkSchema(rows.dim()), options));
  VECDB_RETURN_IF_ERROR(FillSegments(rows, collection.get()));
  const auto up_to = [](size_t count) { return [count](size_t done) { return done < count; }; };
  VECDB_RETURN_IF_ERROR(TimeSearchesWhile(*collection, rows, up_to(kWarmUpSearches)).status());
  CompactRun run;
  VECDB_ASSIGN_OR_RETURN(run.idle, TimeSearchesWhile(*collection, rows, up_to(kIdleSearches)));
  const double start = WallSeconds();
  VECDB_ASSIGN_OR_RETURN(const uint64_t id, collection->Compact());
  const auto is_running = [&](size_t) {
    const auto report = collection->CompactionState(id);
    return report.ok() && report->state == CompactionState::kExecuting;
  };
  VECDB_ASSIGN_OR_RETURN(run.beside, TimeSearchesWhile(*collection, rows, is_running));
  run.seconds = WallSeconds() - start;
  VECDB_RETURN_IF_ERROR(collection->WaitForCompaction(id));
  VECDB_ASSIGN_OR_RETURN(const CompactionReport report, collection->CompactionState(id));
  if (report.merges.size() != 1) return absl::InternalError("one merge was to be done");
  run.bytes_written = report.bytes_written;
  VECDB_RETURN_IF_ERROR(database->Close());
  return run;
}

SearchTimes MediansOf(const std::vector<std::vector<double>>& runs) {
  std::vector<double> p50;
  std::vector<double> p99;
  for (const std::vector<double>& micros : runs) {
    p50.push_back(Median(micros));
    p99.push_back(Percentile(micros, 0.99));
  }
  return {.p50_us = Median(std::move(p50)), .p99_us = Median(std::move(p99))};
}

}  // namespace

absl::StatusOr<CompactReport> MeasureCompact(const Matrix& rows,
                                             const CompactBenchOptions& options) {
  CompactReport report;
  std::vector<std::vector<double>> idle;
  std::vector<std::vector<double>> beside;
  std::vector<double> ratios;
  std::vector<double> seconds;
  for (int i = 0; i < options.num_runs; ++i) {
    VECDB_ASSIGN_OR_RETURN(CompactRun run, RunOnce(rows, options.directory));
    ratios.push_back(Percentile(run.beside, 0.99) / Percentile(run.idle, 0.99));
    seconds.push_back(run.seconds);
    report.bytes_written = run.bytes_written;
    report.num_searches += run.beside.size();
    idle.push_back(std::move(run.idle));
    beside.push_back(std::move(run.beside));
  }
  report.idle = MediansOf(idle);
  report.beside = MediansOf(beside);
  report.p99_ratio = Median(ratios);
  report.worst_p99_ratio = *std::max_element(ratios.begin(), ratios.end());
  report.compact_seconds = Median(std::move(seconds));
  return report;
}

}  // namespace vecdb::bench
