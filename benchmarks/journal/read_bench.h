#ifndef VECDB_BENCHMARKS_JOURNAL_READ_BENCH_H_
#define VECDB_BENCHMARKS_JOURNAL_READ_BENCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

struct ReadReport {
  double idle_p50_us = 0;  ///< of a search, medians over the runs
  double idle_p99_us = 0;
  double busy_p50_us = 0;  ///< the same while one writer inserts as fast as it can
  double busy_p99_us = 0;
  double busy_rows_per_second = 0;  ///< of that writer
};

/// Searches an HNSW index of `rows`, one query at a time, idle and beside a writer, in turn.
absl::StatusOr<ReadReport> MeasureReads(const Matrix& rows, const std::string& directory,
                                        int num_runs, int num_queries);

struct PinnedReport {
  uint64_t num_reads = 0;
  uint64_t num_different = 0;
  uint64_t num_flushes = 0;
  uint64_t num_collections = 0;  ///< of garbage, with no grace
};

/// Reads through a pinned snapshot while rows are replaced and deleted, flushed, and garbage is
/// collected, and compares each answer with the first.
absl::StatusOr<PinnedReport> MeasurePinned(const Matrix& rows, const std::string& directory,
                                           int num_rounds);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_JOURNAL_READ_BENCH_H_
