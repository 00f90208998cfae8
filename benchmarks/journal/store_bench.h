#ifndef VECDB_BENCHMARKS_JOURNAL_STORE_BENCH_H_
#define VECDB_BENCHMARKS_JOURNAL_STORE_BENCH_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

struct StoreWriteOptions {
  int num_runs = 7;
  int put_ms = 20;  ///< that a put takes
  int num_writers = 16;
  int groups = 50;  ///< puts of the writer that is alone; the others insert as many batches each
};

/// Durable batches of one row a second, medians over the runs.
struct StoreWriteReport {
  double one_writer = 0;  ///< one put at a time
  double many_writers = 0;
  double batches_per_put = 0;  ///< of many writers
};

/// Inserts with the journal in a store in memory, each put of which takes `put_ms` longer.
absl::StatusOr<StoreWriteReport> MeasureStoreWrites(const Matrix& rows,
                                                    const StoreWriteOptions& options);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_JOURNAL_STORE_BENCH_H_
