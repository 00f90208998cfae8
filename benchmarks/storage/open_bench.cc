#include "storage/open_bench.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/collection.h"
#include "common/stats.h"
#include "common/temp_dir.h"
#include "storage/file_list.h"
#include "vecdb/database.h"

namespace vecdb::bench {
namespace {

constexpr const char* kIndexEnding = ".idx";

DatabaseOptions OptionsFor(const TempDir& directory, const OpenOptions& options) {
  return {.path = directory.path().string(), .num_threads = options.num_threads};
}

// The answer to a query that is a row itself must begin with that row.
absl::Status SearchOnce(const Collection& collection, const Matrix& rows, size_t row) {
  VECDB_ASSIGN_OR_RETURN(const SearchResult result,
                         collection.Search({.field = std::string(kVectorField),
                                            .vectors = rows.row(row),
                                            .params = HnswSearchParams{.ef = 64}}));
  const auto hits = result.hits(0);
  if (!hits.empty() && hits.front().int64_key() == static_cast<int64_t>(row)) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrFormat("row %d was not found again", row));
}

// Opens, loads, searches; returns the seconds that took.
absl::StatusOr<double> OpenOnce(const Matrix& rows, const DatabaseOptions& options, size_t row,
                                OpenReport* report) {
  const double start = WallSeconds();
  VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open(options));
  VECDB_ASSIGN_OR_RETURN(const auto collection, database->OpenCollection(kCollectionName));
  VECDB_RETURN_IF_ERROR(collection->Load());
  VECDB_RETURN_IF_ERROR(SearchOnce(*collection, rows, row));
  const double seconds = WallSeconds() - start;
  VECDB_ASSIGN_OR_RETURN(const IndexDescription index, collection->DescribeIndex(kVectorField));
  report->total_rows = index.total_rows;
  report->indexed_rows = index.indexed_rows;
  VECDB_RETURN_IF_ERROR(database->Close());
  return seconds;
}

absl::Status DropAll(const TempDir& directory, const std::vector<FileMark>& files) {
  for (const FileMark& file : files) {
    VECDB_RETURN_IF_ERROR(DropFromPageCache(directory.path() / file.path));
  }
  return absl::OkStatus();
}

void CompareFiles(const std::vector<FileMark>& before, const std::vector<FileMark>& after,
                  OpenReport* report) {
  const std::vector<FileMark> indexes = WithEnding(before, kIndexEnding);
  report->num_objects = before.size();
  report->num_index_objects = indexes.size();
  report->num_changed_objects = CountChanged(before, after);
  report->index_objects_unchanged =
      !indexes.empty() && CountChanged(indexes, WithEnding(after, kIndexEnding)) == 0;
}

}  // namespace

absl::StatusOr<OpenReport> MeasureOpen(const Matrix& rows, const OpenOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(options.directory));
  const DatabaseOptions database_options = OptionsFor(directory, options);
  OpenReport report;
  const double start = WallSeconds();
  VECDB_RETURN_IF_ERROR(WriteCollection(database_options, rows,
                                        {.metric = Metric::kL2, .params = HnswParams{}},
                                        LoadPolicy::kKeepLoaded));
  report.prepare_seconds = WallSeconds() - start;
  VECDB_ASSIGN_OR_RETURN(const std::vector<FileMark> before, ListFiles(directory.path()));
  std::vector<double> seconds;
  for (int run = 0; run < options.num_runs; ++run) {
    if (options.is_cold) VECDB_RETURN_IF_ERROR(DropAll(directory, before));
    const size_t row = static_cast<size_t>(run) * 7919 % rows.num_rows();
    VECDB_ASSIGN_OR_RETURN(const double taken, OpenOnce(rows, database_options, row, &report));
    seconds.push_back(taken);
  }
  VECDB_ASSIGN_OR_RETURN(const std::vector<FileMark> after, ListFiles(directory.path()));
  CompareFiles(before, after, &report);
  report.open_seconds = Median(seconds);
  report.worst_open_seconds = *std::max_element(seconds.begin(), seconds.end());
  return report;
}

}  // namespace vecdb::bench
