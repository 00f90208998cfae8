#ifndef VECDB_BENCHMARKS_JOURNAL_STORE_BENCH_H_
#define VECDB_BENCHMARKS_JOURNAL_STORE_BENCH_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "data/matrix.h"
#include "vecdb/object_store.h"

namespace vecdb::bench {

struct StoreWriteOptions {
  int num_runs = 7;
  int put_ms = 20;  ///< that a put takes longer than it does
  int num_writers = 16;
  int groups = 50;  ///< puts of the writer that is alone; the others insert as many batches each
  /// A store without a database; by default one in memory.
  std::function<absl::StatusOr<std::shared_ptr<ObjectStore>>()> make_store = [] {
    return MakeMemoryObjectStore();
  };
};

/// Durable batches of one row a second, medians over the runs.
struct StoreWriteReport {
  double one_writer = 0;  ///< one put at a time
  double many_writers = 0;
  double batches_per_put = 0;  ///< of many writers
};

void Print(const StoreWriteReport& report, int num_writers);

/// Inserts with the journal in a store.
absl::StatusOr<StoreWriteReport> MeasureStoreWrites(const Matrix& rows,
                                                    const StoreWriteOptions& options);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_JOURNAL_STORE_BENCH_H_
