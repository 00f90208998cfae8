#include "storage/fresh_bench.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/collection.h"
#include "common/temp_dir.h"
#include "vecdb/database.h"

namespace vecdb::bench {
namespace {

constexpr size_t kQueries = 200;
constexpr size_t kTop = 10;

using Answers = std::vector<std::vector<int64_t>>;

// Between rows, so that no answer is at distance 0.
std::vector<float> QueryOf(const Matrix& rows, size_t query) {
  const auto a = rows.row(query * 7919 % rows.num_rows());
  const auto b = rows.row(query * 104729 % rows.num_rows());
  std::vector<float> middle(rows.dim());
  for (size_t d = 0; d < middle.size(); ++d) middle[d] = 0.9F * a[d] + 0.1F * b[d];
  return middle;
}

absl::StatusOr<Answers> SearchAll(const Collection& collection, const Matrix& rows,
                                  double* seconds) {
  Answers answers;
  *seconds = 0;
  for (size_t i = 0; i < kQueries; ++i) {
    const std::vector<float> query = QueryOf(rows, i);
    const double start = ThreadCpuSeconds();
    VECDB_ASSIGN_OR_RETURN(const SearchResult found,
                           collection.Search({.field = std::string(kVectorField),
                                              .vectors = query,
                                              .limit = kTop,
                                              .params = HnswSearchParams{.ef = 64}}));
    *seconds += ThreadCpuSeconds() - start;
    std::vector<int64_t>& keys = answers.emplace_back();
    for (const Hit& hit : found.hits(0)) keys.push_back(hit.int64_key());
  }
  return answers;
}

// Keeps the fastest pass.
absl::Status Measure(const Collection& collection, const Matrix& rows, const Answers& exact,
                     FreshSpeed* speed) {
  double seconds = 0;
  VECDB_ASSIGN_OR_RETURN(const Answers answers, SearchAll(collection, rows, &seconds));
  size_t right = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    for (const int64_t key : answers[i]) {
      right += std::count(exact[i].begin(), exact[i].end(), key) > 0 ? 1 : 0;
    }
  }
  speed->recall = static_cast<double>(right) / static_cast<double>(exact.size() * kTop);
  speed->qps = std::max(speed->qps, static_cast<double>(kQueries) / seconds);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Collection>> Fill(Database& database, const std::string& name,
                                                 const Matrix& rows, bool interim_index) {
  CollectionOptions options = OneSegmentOptions(rows);
  options.interim_index = interim_index;
  options.auto_compaction = false;
  VECDB_ASSIGN_OR_RETURN(auto collection,
                         database.CreateCollection(name, BenchmarkSchema(rows.dim()), options));
  VECDB_RETURN_IF_ERROR(
      collection->CreateIndex(kVectorField, {.metric = Metric::kL2, .params = HnswParams{}}));
  VECDB_RETURN_IF_ERROR(InsertRows(*collection, rows));
  return collection;
}

// Waits until fewer rows are missing than are waited for behind.
absl::Status AwaitInterim(const Collection& collection, const Matrix& rows) {
  while (true) {
    VECDB_ASSIGN_OR_RETURN(const auto segments, collection.Segments());
    uint64_t indexed = 0;
    for (const SegmentDescription& segment : segments) indexed += segment.interim_rows;
    if (indexed + 512 >= rows.num_rows()) return absl::OkStatus();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

absl::StatusOr<FreshReport> MeasureFresh(const Matrix& rows, const FreshBenchOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(options.directory));
  VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open({.path = directory.path().string(),
                                                              .num_threads = options.num_threads}));
  FreshReport report;
  Stopwatch watch;
  VECDB_ASSIGN_OR_RETURN(const auto compared, Fill(*database, "compared", rows, false));
  report.insert_cpu_seconds = watch.cpu_seconds();
  watch = Stopwatch();
  VECDB_ASSIGN_OR_RETURN(const auto interim, Fill(*database, "interim", rows, true));
  VECDB_RETURN_IF_ERROR(AwaitInterim(*interim, rows));
  report.interim_cpu_seconds = watch.cpu_seconds();
  VECDB_ASSIGN_OR_RETURN(const auto sealed, Fill(*database, "sealed", rows, false));
  VECDB_RETURN_IF_ERROR(sealed->Flush());
  watch = Stopwatch();
  VECDB_RETURN_IF_ERROR(sealed->WaitForIndex(kVectorField));
  report.build_cpu_seconds = watch.cpu_seconds();
  double seconds = 0;
  VECDB_ASSIGN_OR_RETURN(const Answers exact, SearchAll(*compared, rows, &seconds));
  for (int run = 0; run < options.num_runs; ++run) {
    VECDB_RETURN_IF_ERROR(Measure(*compared, rows, exact, &report.compared));
    VECDB_RETURN_IF_ERROR(Measure(*interim, rows, exact, &report.interim));
    VECDB_RETURN_IF_ERROR(Measure(*sealed, rows, exact, &report.sealed));
  }
  VECDB_RETURN_IF_ERROR(database->Close());
  return report;
}

}  // namespace vecdb::bench
