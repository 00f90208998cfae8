#ifndef VECDB_SIMD_CODE_ROWS_H_
#define VECDB_SIMD_CODE_ROWS_H_

#include <cstddef>
#include <cstdint>

namespace vecdb::simd {

/// Coded rows that a kernel compares with a query. Borrows everything; any alignment.
struct CodeRows {
  const uint8_t* codes = nullptr;
  size_t stride = 0;              ///< bytes from one row to the next
  const uint32_t* ids = nullptr;  ///< the rows to compare; nullptr: rows 0 to count - 1
  size_t count = 0;

  const uint8_t* row(size_t i) const { return codes + (ids == nullptr ? i : ids[i]) * stride; }
};

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_CODE_ROWS_H_
