#ifndef VECDB_SIMD_SELECT_H_
#define VECDB_SIMD_SELECT_H_

#include <cstddef>
#include <cstdint>

namespace vecdb::simd {

/// Sets bit i of `words` when low <= values[i] <= high, and clears it otherwise, for all i below
/// `count`, the bits behind them in the last word too. NaN is in no range. T is int8_t, int16_t,
/// int32_t, int64_t, uint8_t, uint16_t, float or double. Runs on the best instruction set of the
/// machine; `values` need not be aligned.
template <typename T>
void InRange(const T* values, size_t count, T low, T high, uint64_t* words);

/// How many bits of `words` are set.
uint64_t CountBits(const uint64_t* words, size_t count);

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_SELECT_H_
