#ifndef VECDB_BENCHMARKS_STORAGE_FLUSH_BENCH_H_
#define VECDB_BENCHMARKS_STORAGE_FLUSH_BENCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

/// Medians over the runs.
struct FlushReport {
  double insert_seconds = 0;
  double flush_seconds = 0;
  double write_seconds = 0;  ///< of the same rows as a plain file, synced
  uint64_t row_bytes = 0;    ///< keys and vectors
  uint64_t store_bytes = 0;  ///< what Flush made of them
};

/// Flushes `rows`, without an index, and writes and syncs the same keys and vectors as a plain file
/// by 1 MiB, as `dd bs=1M conv=fsync` would; in turn, `num_runs` times each, in fresh directories
/// below `directory`.
absl::StatusOr<FlushReport> MeasureFlush(const Matrix& rows, const std::string& directory,
                                         int num_runs);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_STORAGE_FLUSH_BENCH_H_
