#ifndef VECDB_BENCHMARKS_DATA_VECTOR_FILE_H_
#define VECDB_BENCHMARKS_DATA_VECTOR_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "data/matrix.h"

namespace vecdb::bench {

/// Reads vectors; the ending of the name tells the format. uint8 values become float32.
///
/// | ending  | bytes, little endian                                                      |
/// |---------|---------------------------------------------------------------------------|
/// | .fbin   | uint32 rows, uint32 dim, rows * dim float32                               |
/// | .u8bin  | the same with uint8 values                                                |
/// | .fvecs  | per row: int32 dim, dim float32                                           |
/// | .bvecs  | per row: int32 dim, dim uint8                                             |
/// | .npy    | NumPy format 1 or 2, two-dimensional, C order, '<f4' or '|u1'             |
///
/// NotFound; InvalidArgument for another ending; DataLoss, with the figures, for a file that is
/// shorter or longer than its header says, or holds NaN or Inf.
absl::StatusOr<Matrix> ReadVectors(const std::string& path);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_DATA_VECTOR_FILE_H_
