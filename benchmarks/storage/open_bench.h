#ifndef VECDB_BENCHMARKS_STORAGE_OPEN_BENCH_H_
#define VECDB_BENCHMARKS_STORAGE_OPEN_BENCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

struct OpenReport {
  double prepare_seconds = 0;     ///< insert, flush, index build and close
  double open_seconds = 0;        ///< median over the runs, from Open to the first answer
  double worst_open_seconds = 0;  ///< the longest run
  uint64_t num_objects = 0;       ///< in the store before the first open
  uint64_t num_index_objects = 0;
  bool index_objects_unchanged = false;  ///< the same files, none written, after the last close
  uint64_t num_changed_objects = 0;      ///< of any kind: made, removed or written by the runs
  uint64_t total_rows = 0;               ///< in flushed segments, right after the first answer
  uint64_t indexed_rows = 0;
};

struct OpenOptions {
  std::string directory{};
  int num_runs = 5;
  int num_threads = 2;
  bool is_cold = false;  ///< drop the files from the page cache before each run
};

/// Makes a database of `rows` with an HNSW index, closes it, and then, `num_runs` times, opens it,
/// loads the collection, searches once and closes. Internal when a search does not find the row it
/// asks for.
absl::StatusOr<OpenReport> MeasureOpen(const Matrix& rows, const OpenOptions& options);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_STORAGE_OPEN_BENCH_H_
