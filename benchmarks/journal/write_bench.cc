#include "journal/write_bench.h"

#include <atomic>
#include <vector>

#include "base/status_macros.h"
#include "common/collection.h"
#include "common/stats.h"
#include "common/temp_dir.h"
#include "common/threads.h"
#include "format/log_file.h"
#include "format/write_record.h"
#include "journal/probe.h"
#include "vecdb/database.h"

namespace vecdb::bench {
namespace {

// Batches are made before the clock runs.
std::vector<RowBatch> MakeBatches(const Matrix& rows, int count, int rows_per_batch) {
  std::vector<RowBatch> batches;
  const auto size = static_cast<size_t>(rows_per_batch);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const size_t first = i * size % (rows.num_rows() - size + 1);
    batches.push_back(BatchOf(rows, first, static_cast<int64_t>(i * size), size));
  }
  return batches;
}

uint64_t RecordBytes(const RowBatch& batch) {
  uint64_t payload_bytes = 0;
  return format::EncodeRows(format::WriteKind::kInsert, batch, {}, std::nullopt,
                            format::kLogFrameBytes, &payload_bytes)
      .size();
}

absl::StatusOr<double> TimeInserts(const std::vector<RowBatch>& batches, size_t dim,
                                   int num_writers, const std::string& parent) {
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(parent));
  VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open({.path = directory.path().string()}));
  VECDB_ASSIGN_OR_RETURN(
      const auto collection,
      database->CreateCollection("bench", BenchmarkSchema(dim), {.load = LoadPolicy::kManual}));
  VECDB_RETURN_IF_ERROR(collection->Insert(batches.back()).status());  // makes the journal
  std::atomic<size_t> next = 0;
  std::atomic<int> failures = 0;
  const auto write = [&] {
    for (size_t i = next++; i + 1 < batches.size(); i = next++) {
      if (!collection->Insert(batches[i]).ok()) ++failures;
    }
  };
  const double seconds = SecondsTogether(num_writers, write);
  if (failures > 0) return absl::InternalError("inserts failed");
  return seconds;
}

absl::StatusOr<double> TimeProbe(uint64_t bytes, int count, bool preallocate,
                                 const std::string& parent) {
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(parent));
  return TimeSyncedWrites((directory.path() / "probe").string(), bytes, count, preallocate);
}

}  // namespace

absl::StatusOr<WriteReport> MeasureWrites(const Matrix& rows, const WriteBenchOptions& options) {
  // One more than is measured: the first makes the journal.
  const std::vector<RowBatch> batches =
      MakeBatches(rows, options.num_batches + 1, options.rows_per_batch);
  WriteReport report{.record_bytes = RecordBytes(batches[0])};
  std::vector<double> append;
  std::vector<double> preallocated;
  std::vector<double> one;
  std::vector<double> many;
  const double count = options.num_batches;
  for (int run = 0; run < options.num_runs; ++run) {
    for (const bool preallocate : {false, true}) {
      VECDB_ASSIGN_OR_RETURN(
          const double seconds,
          TimeProbe(report.record_bytes, options.num_batches, preallocate, options.directory));
      (preallocate ? preallocated : append).push_back(count / seconds);
    }
    for (const int writers : {1, options.num_writers}) {
      VECDB_ASSIGN_OR_RETURN(const double seconds,
                             TimeInserts(batches, rows.dim(), writers, options.directory));
      (writers == 1 ? one : many).push_back(count / seconds);
    }
  }
  report.probe_append = Median(append);
  report.probe_preallocated = Median(preallocated);
  report.one_writer = Median(one);
  report.many_writers = Median(many);
  return report;
}

}  // namespace vecdb::bench
