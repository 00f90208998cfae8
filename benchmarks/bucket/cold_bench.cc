#include "bucket/cold_bench.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "bucket/curl.h"
#include "common/clocks.h"
#include "common/collection.h"
#include "common/stats.h"
#include "data/truth.h"
#include "vecdb/database.h"

namespace vecdb::bench {
namespace {

constexpr size_t kNeighbours = 10;
constexpr uint64_t kPieceBytes = 8 << 20;

struct ColdRun {
  double load_seconds = 0;
  double answer_seconds = 0;
  size_t num_right = 0;
  S3Usage usage{};
};

absl::StatusOr<ColdRun> AnswerCold(const Bucket& bucket, std::span<const float> query,
                                   std::span<const uint32_t> truth, const SearchParams& params) {
  ColdRun run;
  const Stopwatch watch;
  VECDB_ASSIGN_OR_RETURN(const auto store, OpenBucket(bucket, S3Writes::kRefuse));
  VECDB_ASSIGN_OR_RETURN(const auto database,
                         Database::OpenReadOnly({.store = store, .num_threads = 2}));
  VECDB_ASSIGN_OR_RETURN(const auto collection, database->OpenCollection(kCollectionName));
  VECDB_RETURN_IF_ERROR(collection->Load());
  run.load_seconds = watch.wall_seconds();
  VECDB_ASSIGN_OR_RETURN(const SearchResult result,
                         collection->Search({.field = std::string(kVectorField),
                                             .vectors = query,
                                             .limit = static_cast<int32_t>(kNeighbours),
                                             .params = params}));
  run.answer_seconds = watch.wall_seconds();
  run.usage = store->usage();
  for (const Hit& hit : result.hits(0)) {
    run.num_right += static_cast<size_t>(
        std::count(truth.begin(), truth.end(), static_cast<uint32_t>(hit.int64_key())));
  }
  return run;
}

// So many bytes of what is in the bucket, from the largest objects on, in pieces.
absl::StatusOr<std::vector<Piece>> PiecesOf(const Bucket& bucket, uint64_t bytes) {
  VECDB_ASSIGN_OR_RETURN(const auto store, OpenBucket(bucket, S3Writes::kRefuse));
  VECDB_ASSIGN_OR_RETURN(std::vector<ObjectInfo> objects, ListBucket(*store));
  std::sort(objects.begin(), objects.end(),
            [](const ObjectInfo& a, const ObjectInfo& b) { return a.size_bytes > b.size_bytes; });
  std::vector<Piece> pieces;
  for (const ObjectInfo& object : objects) {
    for (uint64_t begin = 0; begin < object.size_bytes && bytes > 0; begin += kPieceBytes) {
      const uint64_t size = std::min({kPieceBytes, object.size_bytes - begin, bytes});
      pieces.push_back({object.path.str(), begin, size});
      bytes -= size;
    }
  }
  return pieces;
}

}  // namespace

absl::StatusOr<ColdReport> MeasureCold(const Bucket& bucket, const Matrix& rows,
                                       const Matrix& queries, const ColdOptions& options) {
  ColdReport report;
  const double start = WallSeconds();
  VECDB_ASSIGN_OR_RETURN(const auto store, OpenBucket(bucket));
  VECDB_RETURN_IF_ERROR(WriteCollection({.store = store, .num_threads = 2}, rows,
                                        {.metric = Metric::kL2, .params = options.params}));
  report.build_seconds = WallSeconds() - start;
  const Truth truth = ComputeTruth(Metric::kL2, rows, queries, kNeighbours, 2);
  std::vector<double> load;
  std::vector<double> answer;
  std::vector<double> curl;
  size_t num_right = 0;
  for (int i = 0; i < options.num_runs; ++i) {
    const size_t query = static_cast<size_t>(i) % queries.num_rows();
    VECDB_ASSIGN_OR_RETURN(const ColdRun run,
                           AnswerCold(bucket, queries.row(query), truth.of(query), options.search));
    load.push_back(run.load_seconds);
    answer.push_back(run.answer_seconds);
    num_right += run.num_right;
    report.bytes = run.usage.received_bytes;
    report.requests = run.usage.read_requests + run.usage.write_requests;
    VECDB_ASSIGN_OR_RETURN(const std::vector<Piece> pieces, PiecesOf(bucket, report.bytes));
    VECDB_ASSIGN_OR_RETURN(curl.emplace_back(),
                           DownloadByCurl(bucket, pieces, options.num_processes));
  }
  report.load_seconds = Median(load);
  report.answer_seconds = Median(answer);
  report.curl_seconds = Median(curl);
  report.first_recall = static_cast<double>(num_right) /
                        static_cast<double>(kNeighbours * static_cast<size_t>(options.num_runs));
  VECDB_RETURN_IF_ERROR(EmptyBucket(*store));
  return report;
}

}  // namespace vecdb::bench
