#ifndef VECDB_FORMAT_BIT_PACKING_H_
#define VECDB_FORMAT_BIT_PACKING_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vecdb::format {

// Unsigned integers in as many bits as the largest takes, in the order of FastLanes (Afroozeh and
// Boncz 2023), in which plain loops run at the speed of vector registers whatever the width.
//
// Values are cut into chunks of 1024, the last filled up with zeros. A chunk of integers of B bits
// has 1024 / B lanes; value v lies in lane v % lanes, as number v / lanes of B numbers, each of
// `width` bits, that fill `width` words of B bits, the lowest bits first. Word w of lane l is word
// w * lanes + l of the chunk, which takes 128 * width bytes.

inline constexpr size_t kPackedChunk = 1024;

/// The bytes that `count` values take.
constexpr uint64_t PackedBytes(uint64_t count, uint32_t width) {
  return (count + kPackedChunk - 1) / kPackedChunk * (kPackedChunk / 8) * width;
}

/// Appends `values`, each less than 2^width, to `out`. For uint8_t to uint64_t.
template <typename U>
void PackBits(std::span<const U> values, uint32_t width, std::string* out);

/// Puts `base` plus each value into `out`, wrapping around. `packed` has PackedBytes(out.size(),
/// width) bytes and is aligned for U; `width` is at most the bits of U.
template <typename U>
void UnpackBits(std::string_view packed, uint32_t width, U base, std::span<U> out);

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_BIT_PACKING_H_
