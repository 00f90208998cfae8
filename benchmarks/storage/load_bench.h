#ifndef VECDB_BENCHMARKS_STORAGE_LOAD_BENCH_H_
#define VECDB_BENCHMARKS_STORAGE_LOAD_BENCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "data/matrix.h"
#include "vecdb/index_spec.h"

namespace vecdb::bench {

struct LoadReportOfRuns {
  double prepare_seconds = 0;  ///< insert, flush, index build and close
  uint64_t load_bytes = 0;     ///< vectors and index, as the load counts them
  double load_seconds = 0;     ///< median: Load of a collection that is open
  double worst_load_seconds = 0;
  double load_cpu_seconds = 0;  ///< least of the runs, all threads: what a busy machine blurs least
  uint64_t plain_bytes = 0;     ///< of the files that hold them
  double plain_cpu_seconds = 0;  ///< the same
  double plain_seconds = 0;      ///< median: pread of those into fresh memory, with as many threads
  double mapped_seconds = 0;     ///< median: open of the database to the first answer, mapped
  double worst_mapped_seconds = 0;
};

struct LoadBenchOptions {
  std::string directory{};
  int num_runs = 5;
  int num_threads = 2;
  bool is_cold = false;  ///< drop the files from the page cache before each measurement
  HnswCodec codec = HnswCodec::kAuto;
};

/// Makes a database of `rows` with an HNSW index and closes it. Then, in turn, loads it, reads its
/// files plainly, and opens it mapped up to the first answer.
absl::StatusOr<LoadReportOfRuns> MeasureLoad(const Matrix& rows, const LoadBenchOptions& options);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_STORAGE_LOAD_BENCH_H_
