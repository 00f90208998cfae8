#include "format/bit_packing.h"

#include <algorithm>
#include <array>
#include <limits>

namespace vecdb::format {
namespace {

template <typename U>
constexpr uint32_t kBits = std::numeric_limits<U>::digits;
template <typename U>
constexpr size_t kLanes = kPackedChunk / kBits<U>;

template <typename U>
U LowBits(uint32_t width) {
  return width == 0 ? U{0} : static_cast<U>(std::numeric_limits<U>::max() >> (kBits<U> - width));
}

template <typename U>
using Chunk = std::array<U, kPackedChunk>;

template <typename U>
void PackChunk(const Chunk<U>& values, uint32_t width, U* packed) {
  for (uint32_t step = 0; step < kBits<U>; ++step) {
    const U* in = values.data() + step * kLanes<U>;
    U* words = packed + step * width / kBits<U> * kLanes<U>;
    const uint32_t shift = step * width % kBits<U>;
    for (size_t lane = 0; lane < kLanes<U>; ++lane) {
      words[lane] = static_cast<U>(words[lane] | static_cast<U>(in[lane] << shift));
    }
    if (shift + width <= kBits<U>) continue;
    for (size_t lane = 0; lane < kLanes<U>; ++lane) {
      words[kLanes<U> + lane] = static_cast<U>(in[lane] >> (kBits<U> - shift));
    }
  }
}

// The loops over lanes have fixed counts and one shift each, so that compilers make vectors of
// them.
template <typename U>
void UnpackChunk(const U* __restrict packed, uint32_t width, U base, U* __restrict out) {
  const U mask = LowBits<U>(width);
  for (uint32_t step = 0; step < kBits<U>; ++step, out += kLanes<U>) {
    const U* __restrict words = packed + step * width / kBits<U> * kLanes<U>;
    const uint32_t shift = step * width % kBits<U>;
    if (shift + width <= kBits<U>) {
      for (size_t lane = 0; lane < kLanes<U>; ++lane) {
        out[lane] = static_cast<U>((static_cast<U>(words[lane] >> shift) & mask) + base);
      }
      continue;
    }
    const uint32_t rest = kBits<U> - shift;
    for (size_t lane = 0; lane < kLanes<U>; ++lane) {
      const U low = static_cast<U>(words[lane] >> shift);
      const U high = static_cast<U>(words[kLanes<U> + lane] << rest);
      out[lane] = static_cast<U>(((low | high) & mask) + base);
    }
  }
}

}  // namespace

template <typename U>
void PackBits(std::span<const U> values, uint32_t width, std::string* out) {
  if (width == 0) return;
  std::array<U, kPackedChunk> packed;
  const size_t num_words = width * kLanes<U>;
  for (size_t begin = 0; begin < values.size(); begin += kPackedChunk) {
    const auto part = values.subspan(begin, std::min(kPackedChunk, values.size() - begin));
    Chunk<U> chunk = {};
    std::copy(part.begin(), part.end(), chunk.begin());
    std::fill_n(packed.begin(), num_words, U{0});
    PackChunk(chunk, width, packed.data());
    out->append(reinterpret_cast<const char*>(packed.data()), num_words * sizeof(U));
  }
}

template <typename U>
void UnpackBits(std::string_view packed, uint32_t width, U base, std::span<U> out) {
  if (width == 0) return std::fill(out.begin(), out.end(), base);
  const U* words = reinterpret_cast<const U*>(packed.data());
  while (out.size() >= kPackedChunk) {
    UnpackChunk(words, width, base, out.data());
    out = out.subspan(kPackedChunk);
    words += width * kLanes<U>;
  }
  if (out.empty()) return;
  Chunk<U> rest;
  UnpackChunk(words, width, base, rest.data());
  std::copy_n(rest.begin(), out.size(), out.begin());
}

template void PackBits(std::span<const uint8_t>, uint32_t, std::string*);
template void PackBits(std::span<const uint16_t>, uint32_t, std::string*);
template void PackBits(std::span<const uint32_t>, uint32_t, std::string*);
template void PackBits(std::span<const uint64_t>, uint32_t, std::string*);
template void UnpackBits(std::string_view, uint32_t, uint8_t, std::span<uint8_t>);
template void UnpackBits(std::string_view, uint32_t, uint16_t, std::span<uint16_t>);
template void UnpackBits(std::string_view, uint32_t, uint32_t, std::span<uint32_t>);
template void UnpackBits(std::string_view, uint32_t, uint64_t, std::span<uint64_t>);

}  // namespace vecdb::format
