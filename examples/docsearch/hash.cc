#include "docsearch/hash.h"

#include <algorithm>
#include <cstring>

namespace docsearch {
namespace {

constexpr uint64_t kPrime = 0x100000001b3ULL;

uint64_t Mix(uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdULL;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return hash ^ (hash >> 33);
}

}  // namespace

uint64_t HashBytes(std::string_view bytes, uint64_t seed) {
  uint64_t hash = (seed ^ bytes.size()) * kPrime;
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t count = std::min(bytes.size(), sizeof(word));
    std::memcpy(&word, bytes.data(), count);
    // The multiplication moves bits upwards only; the shift brings the upper half back down.
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 32;
    bytes.remove_prefix(count);
  }
  return Mix(hash);
}

}  // namespace docsearch
