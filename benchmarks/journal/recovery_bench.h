#ifndef VECDB_BENCHMARKS_JOURNAL_RECOVERY_BENCH_H_
#define VECDB_BENCHMARKS_JOURNAL_RECOVERY_BENCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

struct ReplayReport {
  uint64_t log_bytes = 0;
  uint64_t num_rows = 0;
  double seconds = 0;  ///< median over the runs, log read, checked and applied
};

/// Leaves `rows` in a journal, as a crash would, and opens the collection `num_runs` times.
absl::StatusOr<ReplayReport> MeasureReplay(const Matrix& rows, const std::string& directory,
                                           int num_runs);

struct CleanOpenReport {
  uint64_t num_rows = 0;
  double seconds = 0;  ///< median over the runs, Database::Open and OpenCollection, nothing loaded
};

/// Makes a closed collection of `num_rows` rows with keys of their own, whose vectors are those of
/// `rows` over and over, and opens it `num_runs` times.
absl::StatusOr<CleanOpenReport> MeasureCleanOpen(const Matrix& rows, uint64_t num_rows,
                                                 const std::string& directory, int num_runs);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_JOURNAL_RECOVERY_BENCH_H_
