#include "storage/flush_bench.h"

#include <array>
#include <numeric>
#include <vector>

#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/collection.h"
#include "common/stats.h"
#include "common/temp_dir.h"
#include "storage/plain_write.h"
#include "vecdb/database.h"

namespace vecdb::bench {
namespace {

struct Times {
  std::vector<double> insert{};
  std::vector<double> flush{};
  std::vector<double> write{};
};

// Inserts and flushes once; returns the bytes in the store.
absl::StatusOr<uint64_t> FlushOnce(const Matrix& rows, const std::string& parent, Times* times) {
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(parent));
  VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open({.path = directory.path().string()}));
  VECDB_ASSIGN_OR_RETURN(
      const auto collection,
      database->CreateCollection("bench", BenchmarkSchema(rows.dim()), OneSegmentOptions(rows)));
  const double start = WallSeconds();
  VECDB_RETURN_IF_ERROR(InsertRows(*collection, rows));
  const double inserted = WallSeconds();
  VECDB_RETURN_IF_ERROR(collection->Flush());
  times->flush.push_back(WallSeconds() - inserted);
  times->insert.push_back(inserted - start);
  VECDB_ASSIGN_OR_RETURN(const CollectionDescription description, collection->Describe());
  VECDB_RETURN_IF_ERROR(database->Close());
  return description.store_bytes;
}

absl::Status WriteOnce(const Matrix& rows, std::span<const int64_t> keys, const std::string& parent,
                       Times* times) {
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(parent));
  const std::array<std::span<const std::byte>, 2> parts = {std::as_bytes(keys),
                                                           std::as_bytes(rows.values())};
  const double start = WallSeconds();
  VECDB_RETURN_IF_ERROR(WriteAndSync((directory.path() / "rows").string(), parts));
  times->write.push_back(WallSeconds() - start);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FlushReport> MeasureFlush(const Matrix& rows, const std::string& directory,
                                         int num_runs) {
  std::vector<int64_t> keys(rows.num_rows());
  std::iota(keys.begin(), keys.end(), 0);
  FlushReport report{.row_bytes = rows.num_bytes() + keys.size() * sizeof(int64_t)};
  Times times;
  for (int run = 0; run < num_runs; ++run) {
    VECDB_RETURN_IF_ERROR(WriteOnce(rows, keys, directory, &times));
    VECDB_ASSIGN_OR_RETURN(report.store_bytes, FlushOnce(rows, directory, &times));
  }
  report.insert_seconds = Median(times.insert);
  report.flush_seconds = Median(times.flush);
  report.write_seconds = Median(times.write);
  return report;
}

}  // namespace vecdb::bench
