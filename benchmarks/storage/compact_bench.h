#ifndef VECDB_BENCHMARKS_STORAGE_COMPACT_BENCH_H_
#define VECDB_BENCHMARKS_STORAGE_COMPACT_BENCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

struct CompactBenchOptions {
  std::string directory{};  ///< where databases are made, and removed again
  int num_runs = 5;
};

/// Wall time of single searches of the same segments, medians of the runs.
struct SearchTimes {
  double p50_us = 0;
  double p99_us = 0;
};

struct CompactReport {
  SearchTimes idle{};
  SearchTimes beside{};  ///< while a compaction runs
  double p99_ratio = 0;  ///< beside / idle, of the same run
  double worst_p99_ratio = 0;
  double compact_seconds = 0;
  uint64_t bytes_written = 0;  ///< by one compaction
  uint64_t num_searches = 0;   ///< beside compactions, of all runs
};

/// Merges kCompactSegments segments with HNSW into one on the only thread of the database, while
/// the calling thread searches them.
absl::StatusOr<CompactReport> MeasureCompact(const Matrix& rows,
                                             const CompactBenchOptions& options);

inline constexpr size_t kCompactSegments = 8;

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_STORAGE_COMPACT_BENCH_H_
