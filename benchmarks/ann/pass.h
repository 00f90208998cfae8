#ifndef VECDB_BENCHMARKS_ANN_PASS_H_
#define VECDB_BENCHMARKS_ANN_PASS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "ann/engine.h"

namespace vecdb::bench {

/// Who asks what in a pass.
struct PassPlan {
  size_t num_queries = 0;
  size_t k = 0;
  size_t num_threads = 1;
  size_t num_repeats = 1;  ///< times each query is asked
};

/// One engine's answers to all queries.
struct Pass {
  double cpu_seconds = 0;              ///< of the threads that searched, summed
  double wall_seconds = 0;             ///< from the first query's start to the last one's end
  double page_reads = 0;               ///< of a disk, for each query asked
  double page_hits = 0;                ///< of pages that lay in memory
  std::vector<double> latencies_us{};  ///< of each query asked, by the wall
  std::vector<uint32_t> ids{};         ///< k per query; kNoRow where fewer were found
};

/// Asks every query. Thread t of n asks queries t, t + n, ...; one thread is the calling one. The
/// first error that the engine returns.
absl::StatusOr<Pass> RunPass(Engine& engine, const PassPlan& plan);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_PASS_H_
