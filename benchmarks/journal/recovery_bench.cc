#include "journal/recovery_bench.h"

#include <algorithm>
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

// Rows `first_key` and so on, with the vectors of `rows` from the beginning on.
absl::Status InsertAll(Collection& collection, const Matrix& rows, uint64_t first_key,
                       const vecdb::WriteOptions& options) {
  for (size_t first = 0; first < rows.num_rows(); first += kBatchRows) {
    const size_t count = std::min(kBatchRows, rows.num_rows() - first);
    const RowBatch batch = BatchOf(rows, first, static_cast<int64_t>(first_key + first), count);
    VECDB_RETURN_IF_ERROR(collection.Insert(batch, options).status());
  }
  return absl::OkStatus();
}

// Flushes only when told to.
CollectionOptions Unflushed() {
  return {.load = LoadPolicy::kManual,
          .segment_max_bytes = 64ULL << 30,
          .seal_proportion = 1,
          .journal_max_bytes = 1ULL << 40};
}

}  // namespace

absl::StatusOr<ReplayReport> MeasureReplay(const Matrix& rows, const std::string& directory,
                                           int num_runs) {
  VECDB_ASSIGN_OR_RETURN(const TempDir place, TempDir::Make(directory));
  const DatabaseOptions options{.path = place.path().string()};
  {
    VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open(options));
    VECDB_ASSIGN_OR_RETURN(
        const auto collection,
        database->CreateCollection("bench", BenchmarkSchema(rows.dim()), Unflushed()));
    VECDB_RETURN_IF_ERROR(
        InsertAll(*collection, rows, 0, {.durability = Durability::kProcessCrash}));
  }
  ReplayReport report;
  std::vector<double> seconds;
  for (int run = 0; run < num_runs; ++run) {
    VECDB_ASSIGN_OR_RETURN(const auto database,
                           Database::Open({.path = options.path, .read_only = true}));
    VECDB_ASSIGN_OR_RETURN(const auto collection, database->OpenCollection("bench"));
    VECDB_ASSIGN_OR_RETURN(const CollectionDescription description, collection->Describe());
    report.log_bytes = description.recovery.journal_bytes;
    report.num_rows = description.recovery.num_rows;
    seconds.push_back(description.recovery.seconds);
  }
  report.seconds = Median(seconds);
  return report;
}

absl::StatusOr<CleanOpenReport> MeasureCleanOpen(const Matrix& rows, uint64_t num_rows,
                                                 const std::string& directory, int num_runs) {
  VECDB_ASSIGN_OR_RETURN(const TempDir place, TempDir::Make(directory));
  const DatabaseOptions options{.path = place.path().string()};
  CleanOpenReport report;
  {
    VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open(options));
    VECDB_ASSIGN_OR_RETURN(const auto collection,
                           database->CreateCollection("bench", BenchmarkSchema(rows.dim()),
                                                      {.load = LoadPolicy::kManual}));
    for (uint64_t first = 0; first < num_rows; first += rows.num_rows()) {
      VECDB_RETURN_IF_ERROR(
          InsertAll(*collection, rows, first, {.durability = Durability::kProcessCrash}));
    }
    VECDB_ASSIGN_OR_RETURN(report.num_rows, collection->Count());
    VECDB_RETURN_IF_ERROR(database->Close());
  }
  std::vector<double> seconds;
  for (int run = 0; run < num_runs; ++run) {
    const double start = WallSeconds();
    VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open(options));
    VECDB_ASSIGN_OR_RETURN(const auto collection, database->OpenCollection("bench"));
    seconds.push_back(WallSeconds() - start);
    VECDB_RETURN_IF_ERROR(database->Close());
  }
  report.seconds = Median(seconds);
  return report;
}

}  // namespace vecdb::bench
