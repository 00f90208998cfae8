#ifndef VECDB_BENCHMARKS_STORAGE_FRESH_BENCH_H_
#define VECDB_BENCHMARKS_STORAGE_FRESH_BENCH_H_

#include <string>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

/// How rows are searched at one time of their life.
struct FreshSpeed {
  double qps = 0;     ///< by thread CPU time, one thread, the fastest pass
  double recall = 0;  ///< of the first 10
};

struct FreshReport {
  FreshSpeed compared{};           ///< growing, without an interim index
  FreshSpeed interim{};            ///< growing, with one that has all rows
  FreshSpeed sealed{};             ///< flushed and indexed
  double interim_cpu_seconds = 0;  ///< insert and interim index
  double insert_cpu_seconds = 0;   ///< insert without one
  double build_cpu_seconds = 0;    ///< of the index of the flushed segment
};

struct FreshBenchOptions {
  std::string directory{};
  int num_runs = 5;
  int num_threads = 2;
};

/// Inserts `rows` into loaded collections with an HNSW index, one with and one without an interim
/// index, and searches both, then what is flushed, in turn.
absl::StatusOr<FreshReport> MeasureFresh(const Matrix& rows, const FreshBenchOptions& options);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_STORAGE_FRESH_BENCH_H_
