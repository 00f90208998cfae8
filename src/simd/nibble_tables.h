#ifndef VECDB_SIMD_NIBBLE_TABLES_H_
#define VECDB_SIMD_NIBBLE_TABLES_H_

#include <cstddef>
#include <cstdint>

namespace vecdb::simd {

/// Rows whose codes lie together in a block.
inline constexpr size_t kBlockRows = 32;

/// Bytes of a block for each part of the codes.
inline constexpr size_t kPartBytes = 16;

/// Looks every nibble of a block up in a table that lies in a register (Andre, Kermarrec and Le
/// Scouarnec 2015) and adds up for each row. A block holds 32 rows of `parts` nibbles, an even
/// number: byte i of the 16 bytes of part j holds row i in its low nibble and row i + 16 in its
/// high one. Then
///
///   sums[32 * b + i] = the sum over j of tables[16 * j + nibble j of row i of block b]
///
/// modulo 2^16; the caller sees to it that no sum is larger.
void SumNibbleTables(const uint8_t* tables, size_t parts, const uint8_t* blocks, size_t num_blocks,
                     uint16_t* sums);

/// Bit i of masks[b] says whether sums[32 * b + i] <= limit.
void SumsAtMost(const uint16_t* sums, size_t num_blocks, uint16_t limit, uint32_t* masks);

/// The same where a row has a term of its own: bit i of masks[b] says whether
/// step * sums[32 * b + i] + terms[32 * b + i] <= limit.
void SumsWithin(const uint16_t* sums, const float* terms, size_t num_blocks, float step,
                float limit, uint32_t* masks);

/// The tables of `parts` parts, 16 finite floats each, made bytes: entry less the least of its
/// part, in steps that make the widest part fit a byte and the greatest sum 16 bits.
struct RoundedTables {
  float step = 0;            ///< 0: all entries of each part are equal, or the range is infinite
  double sum_of_leasts = 0;  ///< what a sum of bytes, times step, is added to
};
RoundedTables RoundTables(const float* tables, size_t parts, float* leasts, uint8_t* bytes);

}  // namespace vecdb::simd

#endif  // VECDB_SIMD_NIBBLE_TABLES_H_
