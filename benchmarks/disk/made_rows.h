#ifndef VECDB_BENCHMARKS_DISK_MADE_ROWS_H_
#define VECDB_BENCHMARKS_DISK_MADE_ROWS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

struct MadeRows {
  Matrix base;
  Matrix queries;
};

/// Vectors that are about as hard to search as those of images, the same for the same seed: points
/// around a thousand centres in 20 dimensions, turned at random into `dim`, with a little noise in
/// each of these. Queries are drawn as the rows are.
absl::StatusOr<MadeRows> MakeRows(uint64_t num_rows, uint64_t num_queries, uint64_t dim,
                                  uint64_t seed);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_DISK_MADE_ROWS_H_
