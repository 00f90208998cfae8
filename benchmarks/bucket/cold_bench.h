#ifndef VECDB_BENCHMARKS_BUCKET_COLD_BENCH_H_
#define VECDB_BENCHMARKS_BUCKET_COLD_BENCH_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "bucket/bucket.h"
#include "data/matrix.h"
#include "vecdb/index_spec.h"

namespace vecdb::bench {

struct ColdOptions {
  IndexParams params{};
  SearchParams search{};  ///< of the first answer
  int num_runs = 3;
  int num_processes = 4;  ///< of curl
};

/// Medians of the runs, of readers that have nothing yet.
struct ColdReport {
  double build_seconds = 0;   ///< the writer's, until all is in the bucket
  double load_seconds = 0;    ///< from opening the store until the collection is loaded
  double answer_seconds = 0;  ///< the same until its first search has ended
  double curl_seconds = 0;    ///< that curl takes for as many bytes of the same objects
  double first_recall = 0;    ///< of the first answers
  uint64_t bytes = 0;         ///< that the reader received until its answer
  uint64_t requests = 0;      ///< that it sent
};

/// Writes `rows` into the bucket as one segment with an index, and opens it anew as a reader each
/// time: a new store, a database for reading alone, a load, a search of ten neighbours.
absl::StatusOr<ColdReport> MeasureCold(const Bucket& bucket, const Matrix& rows,
                                       const Matrix& queries, const ColdOptions& options);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_BUCKET_COLD_BENCH_H_
