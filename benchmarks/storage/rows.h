#ifndef VECDB_BENCHMARKS_STORAGE_ROWS_H_
#define VECDB_BENCHMARKS_STORAGE_ROWS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

/// Rows scattered around a hundred centres, the same for the same seed. What they hold cannot be
/// compressed to speak of.
absl::StatusOr<Matrix> ScatteredRows(uint64_t num_rows, uint64_t dim, uint64_t seed);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_STORAGE_ROWS_H_
