#ifndef VECDB_BENCHMARKS_JOURNAL_WRITE_BENCH_H_
#define VECDB_BENCHMARKS_JOURNAL_WRITE_BENCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

struct WriteBenchOptions {
  std::string directory{};
  int num_runs = 7;
  int num_batches = 400;  ///< of each measurement
  int rows_per_batch = 1;
  int num_writers = 16;
};

/// Durable batches a second, medians over the runs.
struct WriteReport {
  uint64_t record_bytes = 0;      ///< of a batch in the journal, and of what the probes write
  double probe_append = 0;        ///< write and fdatasync at the end of a file
  double probe_preallocated = 0;  ///< the same into a file that was preallocated
  double one_writer = 0;
  double many_writers = 0;

  double best_probe() const {
    return probe_append > probe_preallocated ? probe_append : probe_preallocated;
  }
};

/// Inserts batches durably, with one writer and with many, and writes and syncs the same number of
/// bytes to plain files; all four in turn, `num_runs` times, in fresh directories.
absl::StatusOr<WriteReport> MeasureWrites(const Matrix& rows, const WriteBenchOptions& options);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_JOURNAL_WRITE_BENCH_H_
