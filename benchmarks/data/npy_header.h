#ifndef VECDB_BENCHMARKS_DATA_NPY_HEADER_H_
#define VECDB_BENCHMARKS_DATA_NPY_HEADER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "data/input_file.h"

namespace vecdb::bench {

enum class NpyType { kFloat32, kUint8 };

/// What a .npy file says about the values that follow its header.
struct NpyHeader {
  NpyType value_type = NpyType::kFloat32;
  uint64_t num_rows = 0;
  uint64_t dim = 0;
};

/// Reads the header of NumPy's format 1 or 2 and leaves the file at the values. DataLoss for a file
/// that is none, or holds anything but a two-dimensional array in C order of '<f4' or '|u1'.
/// Source: numpy.lib.format.
absl::StatusOr<NpyHeader> ReadNpyHeader(InputFile& file);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_DATA_NPY_HEADER_H_
