#ifndef VECDB_FILTER_BLOCK_ROWS_H_
#define VECDB_FILTER_BLOCK_ROWS_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "schema/column_block.h"
#include "simd/select.h"

namespace vecdb::filter {

inline constexpr size_t kWordRows = 64;
inline constexpr size_t kBlockWords = schema::kBlockRows / kWordRows;

/// Some of the rows of a block: a bit each. Bits beyond the rows of the block are 0. A value.
struct BlockRows {
  uint64_t words[kBlockWords] = {};

  /// The first `num_rows`, at most a block.
  static BlockRows First(uint32_t num_rows) {
    BlockRows rows;
    std::fill(rows.words, rows.words + num_rows / kWordRows, ~uint64_t{0});
    const uint32_t rest = num_rows % kWordRows;
    if (rest > 0) rows.words[num_rows / kWordRows] = (uint64_t{1} << rest) - 1;
    return rows;
  }

  bool empty() const {
    uint64_t any = 0;
    for (const uint64_t word : words) any |= word;
    return any == 0;
  }

  uint32_t count() const { return static_cast<uint32_t>(simd::CountBits(words, kBlockWords)); }

  bool contains(size_t row) const { return (words[row / kWordRows] >> (row % kWordRows) & 1) != 0; }

  void And(const BlockRows& other) {
    for (size_t i = 0; i < kBlockWords; ++i) words[i] &= other.words[i];
  }
  void Or(const BlockRows& other) {
    for (size_t i = 0; i < kBlockWords; ++i) words[i] |= other.words[i];
  }
  void Remove(const BlockRows& other) {
    for (size_t i = 0; i < kBlockWords; ++i) words[i] &= ~other.words[i];
  }

  /// Keeps the rows for which `holds(row)`, which is asked of no others.
  template <typename Predicate>
  void KeepIf(Predicate holds) {
    for (size_t i = 0; i < kBlockWords; ++i) {
      uint64_t left = words[i];
      uint64_t kept = 0;
      if (left == ~uint64_t{0}) {
        for (size_t bit = 0; bit < kWordRows; ++bit) {
          kept |= uint64_t{holds(i * kWordRows + bit)} << bit;
        }
      } else {
        for (; left != 0; left &= left - 1) {
          const auto bit = static_cast<size_t>(std::countr_zero(left));
          kept |= uint64_t{holds(i * kWordRows + bit)} << bit;
        }
      }
      words[i] = kept;
    }
  }
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_BLOCK_ROWS_H_
